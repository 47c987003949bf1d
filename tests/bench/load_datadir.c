/* load_datadir.c - a node's data directory that a busy auction has filled. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/load.h"
#include "tests/bench/load_node.h"

static void
fill(const char *dir, unsigned long bids, int out)
{
    char path[PATH_MAX + 32];
    struct load *load = load_new(GV_CERTIFIED);
    struct load_ledger ledger;
    struct load_block block;
    const struct gv_chain_id *id = &load_sample(load)->open.id;

    snprintf(path, sizeof(path), "%s/chain", dir);
    load_ledger_open(load, path, &ledger);
    for (unsigned long done = 0; done < bids;) {
        load_next(load, &block);
        load_ledger_add(&ledger, &block);
        done += block.bids;
        load_block_clear(&block);
    }
    if (write(out, id->b, 32) != 32)
        support_die("cannot tell the auction's id");
    kill(getpid(), SIGKILL);
}

void
load_datadir(const char *dir, unsigned long bids, char auction[65])
{
    uint8_t id[32];
    int ends[2], status;
    pid_t pid;

    if (mkdir(dir, 0700) != 0 || pipe(ends) != 0)
        support_die("cannot make %s", dir);
    pid = fork();
    if (pid < 0)
        support_die("cannot fork");
    if (pid == 0) {
        fill(dir, bids, ends[1]);
        _exit(1);
    }
    status = load_wait(pid);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL ||
        read(ends[0], id, 32) != 32)
        support_die("the datadir was not filled");
    close(ends[0]);
    close(ends[1]);
    gv_hex(id, 32, auction);
}
