/*
 * safety.pml - no two final blocks exclude each other (rules V1, V2).
 *
 * Two branches grow from a common trunk. Honest validators vote at their own
 * pace for anything that V1 allows them, in every order, from every source
 * that is justified anywhere: no fork choice, no clock and no network holds
 * them back, so every delay, loss and partition is among the runs. The
 * equivocators have voted for every link from the start: more votes never make
 * less justified. README.md says more.
 *
 * The macros below are the rules; the negative controls switch one off.
 */
#ifndef EQUIVOCATORS
#define EQUIVOCATORS 1 /* of M */
#endif
#ifndef QUORUM
#define QUORUM 3 /* floor(2 M / 3) + 1 */
#endif
#ifndef ONE_A_HEIGHT
#define ONE_A_HEIGHT 1 /* V1: never two votes with one target height */
#endif
#ifndef NO_SURROUND
#define NO_SURROUND 1 /* V1: never a vote around another */
#endif
#ifndef FROM_JUSTIFIED
#define FROM_JUSTIFIED 1 /* V2: a link counts from a justified source */
#endif
#ifndef CHILD_ONLY
#define CHILD_ONLY 1 /* V2: final by the link to the child alone */
#endif
#ifndef H
#define H 4 /* greatest height */
#endif

#define M 4
#define HONEST (M - EQUIVOCATORS)
#define NEED (QUORUM - EQUIVOCATORS) /* honest votes that make a quorum */

/* Blocks up to the fork are the same on both branches. */
#define ON(b, h) ((h) <= fork -> 0 : (b))
#define BLOCK(b, h) (ON(b, h) * (H + 1) + (h))
#define LINK(b, s, t) ((ON(b, t) * (H + 1) + (s)) * (H + 1) + (t))

byte fork;
byte votes[2 * (H + 1) * (H + 1)]; /* honest ones, by link */
bool justified[2 * (H + 1)];
byte final[2]; /* highest final height above the fork, by branch */

/* V2, when a vote was counted. */
inline count(b, s, t)
{
    votes[LINK(b, s, t)]++;
    if
    :: votes[LINK(b, s, t)] >= NEED ->
        justified[BLOCK(b, t)] = 1;
        if
        :: (t == s + 1 || !CHILD_ONLY) && s > fork -> final[b] = s
        :: else
        fi
    :: else
    fi;
    assert(!(final[0] && final[1]))
}

/* The lock of a validator is the vote before: targets rise and sources do not
 * fall, which is V1 for votes in the order of their targets. A validator never
 * goes back to a lower target (chain/state/ballot.c). */
proctype validator()
{
    byte source = 0, target = 0, b, s, t;

end:
    do
    :: target < H || !ONE_A_HEIGHT ->
        atomic {
            select(b : 0 .. 1);
            select(t : 1 .. H);
            select(s : 0 .. H - 1);
            if
            :: s < t && (b == 0 || t > fork) &&
               (t > target || (!ONE_A_HEIGHT && t == target)) &&
               (s >= source || !NO_SURROUND) &&
               (justified[BLOCK(b, s)] || !FROM_JUSTIFIED) &&
               votes[LINK(b, s, t)] < NEED ->
                source = (s > source -> s : source);
                target = t;
                count(b, s, t)
            :: else
            fi;
            b = 0;
            s = 0;
            t = 0
        }
    od
}

init
{
    byte i;

    atomic {
        select(fork : 0 .. 2);
        justified[0] = 1;
        for (i : 1 .. HONEST) {
            run validator()
        }
        i = 0
    }
}
