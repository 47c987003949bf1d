/*
 * liveness.pml - something new becomes final when more than two thirds are
 * live, once messages arrive in time (rules V1 to V3).
 *
 * Three validators of four are live. Before the network settles they vote as
 * in safety.pml, on two branches of up to PAST blocks. Then, for good: blocks
 * and votes reach everybody before the next block, and miners extend the tip
 * that the fork choice gives one of them. The fourth validator is dishonest:
 * wherever a link lacks one vote it may add it, or keep silent for ever.
 *
 * Every run is finite: it ends when something new is final, or with the block
 * of height H, and the latter is the failure. So the assertion is progress
 * within a bound, and fairness is built in: everybody judges every block
 * before the next one is mined. README.md says more.
 */
#ifndef PAST
#define PAST 2 /* greatest height before the network settles */
#endif
#ifndef H
#define H 7
#endif
#ifndef LIVE
#define LIVE 3 /* validators that vote, of four */
#endif
#ifndef LATE
#define LATE 0 /* 1: partitions may outlast 10 T, and votes come late (V3) */
#endif
#ifndef ON_LEADER
#define ON_LEADER 1 /* V3: late votes count for what contradicts nothing */
#endif
#ifndef ELSEWHERE
#define ELSEWHERE 1 /* V3: and for the rest at multiples of 10 T */
#endif
#ifndef WAIT
#define WAIT 2 /* most blocks between two multiples of 10 T */
#endif
#ifndef RUSHING
#define RUSHING 0 /* 1: the dishonest vote may come between two honest ones */
#endif

#define QUORUM 3

/* Blocks up to the fork are the same on both branches. */
#define ON(b, h) ((h) <= fork -> 0 : (b))
#define BLOCK(b, h) (ON(b, h) * (H + 1) + (h))
#define LINK(b, s, t) ((ON(b, t) * (H + 1) + (s)) * (H + 1) + (t))
#define AT(v, b, h) ((v) * 2 * (H + 1) + BLOCK(b, h))

byte fork;
byte length[2];
byte votes[2 * (H + 1) * (H + 1)];
bool justified[2 * (H + 1)];
bool late[LIVE * 2 * (H + 1)]; /* justified late, and without a say at v yet */
byte waited; /* blocks since the last multiple of 10 T */
byte final, final_branch, final_before;
byte newest; /* block */
bool settled;
byte lock_source[LIVE], lock_target[LIVE];
byte tip[LIVE]; /* the branch each stands on */
byte b, s, t, v, x, y;

/* A block gets justified, after the network settled: in time, or late at
 * everybody, unless it is the newest of all. Old blocks of a branch that
 * somebody comes back to are voted on late. */
inline note_late()
{
    if
    :: BLOCK(b, t) != newest ->
       late[AT(0, b, t)] = 1;
       late[AT(1, b, t)] = 1;
       late[AT(LIVE - 1, b, t)] = 1
    :: skip
    fi
}

/* V2, when a vote was counted. */
inline count()
{
    votes[LINK(b, s, t)]++;
    if
    :: votes[LINK(b, s, t)] == QUORUM ->
        if
        :: LATE && settled && !justified[BLOCK(b, t)] -> note_late()
        :: else
        fi;
        justified[BLOCK(b, t)] = 1;
        if
        :: t == s + 1 && s > final ->
            final = s;
            final_branch = b
        :: else
        fi
    :: else
    fi
}

/* A vote of the past: as V1 allows, from any justified source. */
inline vote_freely()
{
    select(v : 0 .. LIVE - 1);
    select(b : 0 .. 1);
    select(t : 1 .. PAST);
    select(s : 0 .. PAST - 1);
    if
    :: s < t && t <= length[b] && (b == 0 || t > fork) &&
       t > lock_target[v] && s >= lock_source[v] && justified[BLOCK(b, s)] ->
        lock_source[v] = s;
        lock_target[v] = t;
        count()
    :: else
    fi;
    b = 0; s = 0; t = 0; v = 0
}

/* The dishonest validator adds the vote that a link lacks, some links or none;
 * elsewhere its vote is of no use. */
inline add_votes()
{
    for (b : 0 .. 1) {
        for (t : 1 .. length[b]) {
            for (s : 0 .. t - 1) {
                if
                :: votes[LINK(b, s, t)] == QUORUM - 1 &&
                   justified[BLOCK(b, s)] && (b == 0 || t > fork) -> count()
                :: skip
                fi
            }
        }
    }
}

/* Highest justified block of a branch that has a say at validator v, or has
 * none. */
inline highest(branch, h, silent)
{
    h = length[branch];
    do
    :: h > 0 && (!justified[BLOCK(branch, h)] ||
                 late[AT(v, branch, h)] != silent) -> h--
    :: else -> break
    od
}

#define HIGHER(h) ((h) > s && (h) > t)

/* V3: the leader, s or t, and what is late and above it: x on branch 0, y on
 * 1. What stands on the leader gets its say; anything, if `anywhere`. */
inline hear(anywhere)
{
    highest(0, s, 0);
    highest(1, t, 0);
    highest(0, x, 1);
    highest(1, y, 1);
    if
    :: HIGHER(x) && (anywhere || ON_LEADER && s >= t) ->
        late[AT(v, 0, x)] = 0
    :: HIGHER(y) && (anywhere || ON_LEADER && t >= s) ->
        late[AT(v, 1, y)] = 0
    :: else
    fi;
    x = 0;
    y = 0;
    highest(0, s, 0);
    highest(1, t, 0)
}

/* V3: a multiple of 10 T, for everybody at once. */
inline hear_all()
{
    if
    :: ELSEWHERE ->
        waited = 0;
        for (v : 0 .. LIVE - 1) {
            hear(1);
            hear(1)
        }
    :: ELSEWHERE && waited < WAIT -> waited++
    :: !ELSEWHERE
    fi
}

/* V3: justified, then work, then what it stood on. */
inline choose()
{
    hear(0);
    if
    :: final > fork -> tip[v] = final_branch
    :: else ->
        if
        :: s > t || (s == t && length[0] > length[1]) -> tip[v] = 0
        :: t > s || (s == t && length[1] > length[0]) -> tip[v] = 1
        :: else
        fi
    fi
}

/* A validator's vote for its tip: chain/state/ballot.c. */
inline vote_for_tip()
{
    choose();
    b = tip[v];
    t = length[b];
    s = t - 1;
    do
    :: !justified[BLOCK(b, s)] -> s--
    :: else -> break
    od;
    if
    :: !justified[BLOCK(b, t)] && t > lock_target[v] && s >= lock_source[v] ->
        lock_source[v] = s;
        lock_target[v] = t;
        count()
    :: else
    fi
}

inline settle()
{
    final_before = final;
    for (v : 0 .. LIVE - 1) {
        if
        :: tip[v] = 0
        :: tip[v] = 1
        fi
    }
    for (b : 0 .. 1) {
        for (t : 1 .. PAST) {
            for (v : 0 .. LIVE - 1) {
                if
                :: LATE && justified[BLOCK(b, t)] && (b == 0 || t > fork) ->
                    late[AT(v, b, t)] = 1
                :: skip
                fi
            }
        }
    }
    settled = 1
}

/* Somebody's node mines on its tip, everybody judges the block. */
inline next_block()
{
    if
    :: LATE -> hear_all()
    :: else
    fi;
    select(v : 0 .. LIVE - 1);
    choose();
    b = tip[v];
    assert(length[b] < H);
    length[b]++;
    newest = BLOCK(b, length[b]);
    add_votes();
    for (v : 0 .. LIVE - 1) {
        vote_for_tip();
        if
        :: RUSHING -> add_votes()
        :: else
        fi
    }
    add_votes();
    b = 0; s = 0; t = 0; v = 0
}

init
{
    atomic {
        select(fork : 0 .. 1);
        select(b : 1 .. PAST);
        length[0] = b;
        select(b : 1 .. PAST);
        length[1] = b;
        justified[0] = 1;
        b = 0
    }
    do
    :: atomic { vote_freely() }
    :: atomic { add_votes(); b = 0; s = 0; t = 0 }
    :: atomic { settle(); b = 0; s = 0; t = 0; v = 0 }; break
    od;
    do
    :: final > final_before -> break
    :: else -> atomic { next_block() }
    od
}
