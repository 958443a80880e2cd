// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
//
// Elections and log replication of Raft, small enough for every run of it to be looked at.
// scripts/check_model runs it, and runs it with each of the mistakes below to see it object.
//
// The network is the set of all that was ever sent; a delivery takes anything out of it, at any
// time, any number of times, and leaves it there. So messages are lost, doubled, delayed and
// overtaken in every possible way. What one leader sends in one term follows from its log, which
// only grows while it leads: a term's appends are kept as that log, and a delivery picks one place
// of it.
//
// A crash keeps what is on the disk (term, vote, the stored part of the log) and nothing else.
// A leader sends an entry before it is on its own disk, and counts itself only afterwards.
// Followers store before they answer; of what they have not answered for, nobody knows.
//
// Not in here, because it cannot break safety: pre-vote, check-quorum, time. Not in here, because
// it needs a model of its own: changes of voters, snapshots, reads.
//
// Source: Ongaro, "Consensus: Bridging Theory and Practice", 2014, chapter 3, figure 3.1.

#ifndef TERMS
#define TERMS 3
#endif
#ifndef ENTRIES
#define ENTRIES 2
#endif
#ifndef CRASHES
#define CRASHES 1
#endif
#define SERVERS 3
#define MAJORITY 2
#define NOBODY SERVERS

// Mistakes, one of which may be defined:
//   FORGETS_VOTE       a restarted server has forgotten whom it voted for
//   FORGETS_ENTRIES    a follower answers before its entry is on the disk
//   VOTES_FOR_ANYBODY  a vote is given without a look at the candidate's log
//   COUNTS_OLD_TERMS   entries of earlier terms are committed by counting (thesis, 3.6.2)
//   COUNTS_UNSTORED    a leader counts itself before its own disk has the entry
//   SKIPS_PREVIOUS     a follower appends without comparing the entry before

#define FOLLOWER 0
#define CANDIDATE 1
#define LEADER 2

// An entry names the term and the leader that made it; 0 is none.
#define entry_of(term, leader) ((term) * 4 + (leader))
#define term_of(entry) ((entry) / 4)
#define bit(s) (1 << (s))

typedef Server {
  byte term;    // on the disk, like the vote and log[0 .. stored)
  byte vote;
  byte log[ENTRIES];
  byte length;
  byte stored;
  byte role;    // lost in a crash, like what follows
  byte commit;
}

typedef Ask {     // the request of one candidate in one term
  bool sent;
  byte length;
  byte last_term;
  byte granted;   // a bit for each server that answered yes
}

typedef Term {
  Ask ask[SERVERS];
  byte leader;
  byte log[ENTRIES];       // all that its leader sends
  byte length;
  byte commit;
  byte answered[SERVERS];  // up to where each follower said that it has the leader's log
}

Server server[SERVERS];
Term at[TERMS + 1];         // at[0] is before the first election
byte committed[ENTRIES];    // what anybody ever took as decided
byte committed_in[ENTRIES]; // and the first term in which somebody did
byte crashes;

// For use inside one step only; zero between steps.
byte i, j, n;
bool is_match;

inline find_last_term(s, result) {
  if
  :: server[s].length == 0 -> result = 0
  :: else -> result = term_of(server[s].log[server[s].length - 1])
  fi
}

// State-machine safety: nobody ever takes another entry as the decided one of this place.
inline decide(s, upto) {
  for (i : 0 .. upto - 1) {
    assert(server[s].log[i] != 0);
    assert(committed[i] == 0 || committed[i] == server[s].log[i]);
    if
    :: committed[i] == 0 -> committed[i] = server[s].log[i]; committed_in[i] = server[s].term
    :: else
    fi
  }
  server[s].commit = upto
}

// Log matching: two logs with the same term at one place are the same up to there.
inline compare_logs(s) {
  for (n : 0 .. SERVERS - 1) {
    is_match = false;
    for (j : 1 .. ENTRIES) {
      i = ENTRIES - j;
      if
      :: server[s].log[i] != 0 && server[n].log[i] != 0 &&
           term_of(server[s].log[i]) == term_of(server[n].log[i]) -> is_match = true
      :: else
      fi;
      assert(!is_match || server[s].log[i] == server[n].log[i])
    }
  }
}

inline cut_log(s, upto) {
  for (i : 0 .. ENTRIES - 1) {
    if
    :: i >= upto -> server[s].log[i] = 0
    :: else
    fi
  }
  server[s].length = upto
}

inline follow(s, t) {
  if
  :: t > server[s].term -> server[s].term = t; server[s].vote = NOBODY
  :: else
  fi;
  server[s].role = FOLLOWER
}

// What can no longer matter to anybody is forgotten, so that runs which differ only in that are one:
// votes for who is no candidate any more, answers to who leads no more, terms that all have left.
inline forget() {
  for (i : 1 .. TERMS) {
    is_match = true;
    for (j : 0 .. SERVERS - 1) {
      if
      :: server[j].term != i || server[j].role != CANDIDATE -> at[i].ask[j].granted = 0
      :: else
      fi;
      is_match = is_match && server[j].term > i
    }
    n = at[i].leader;
    if
    :: is_match ->
       at[i].leader = NOBODY; at[i].length = 0; at[i].commit = 0;
       for (j : 0 .. SERVERS - 1) {
         at[i].ask[j].sent = false; at[i].ask[j].length = 0; at[i].ask[j].last_term = 0
       }
       for (j : 0 .. ENTRIES - 1) { at[i].log[j] = 0 }
    :: else
    fi;
    if
    :: n != NOBODY && (is_match || server[n].term != i || server[n].role != LEADER) ->
       for (j : 0 .. SERVERS - 1) { at[i].answered[j] = 0 }
    :: else
    fi
  }
  i = 0; j = 0; n = 0; is_match = false
}

// --- the steps ---------------------------------------------------------------------------------

inline time_out(s) {
  server[s].term++;
  server[s].vote = s;
  server[s].role = CANDIDATE;
  n = server[s].term;
  find_last_term(s, at[n].ask[s].last_term);
  at[n].ask[s].sent = true;
  at[n].ask[s].length = server[s].length;
  at[n].ask[s].granted = at[n].ask[s].granted | bit(s);
  forget()
}

inline hear_ask(s, t, c) {
  if
  :: t > server[s].term -> follow(s, t)
  :: else
  fi;
  find_last_term(s, n);
#ifdef VOTES_FOR_ANYBODY
  is_match = true;
#else
  is_match = at[t].ask[c].last_term > n ||
             (at[t].ask[c].last_term == n && at[t].ask[c].length >= server[s].length);
#endif
  if
  :: is_match && (server[s].vote == NOBODY || server[s].vote == c) ->
     server[s].vote = c;
     at[t].ask[c].granted = at[t].ask[c].granted | bit(s)
  :: else
  fi;
  forget()
}

#define votes(s) ((at[server[s].term].ask[s].granted & 1) + \
                  ((at[server[s].term].ask[s].granted >> 1) & 1) + \
                  ((at[server[s].term].ask[s].granted >> 2) & 1))

inline take_office(s) {
  n = server[s].term;
  assert(at[n].leader == NOBODY);  // election safety
  at[n].leader = s;
  server[s].role = LEADER;
  for (i : 0 .. ENTRIES - 1) {
    // Leader completeness: what was decided in an earlier term is in the leader's log.
    assert(committed[i] == 0 || committed_in[i] >= n || committed[i] == server[s].log[i]);
    at[n].log[i] = server[s].log[i]
  }
  at[n].length = server[s].length;
  at[n].commit = server[s].commit;
  forget()
}

inline propose(s) {
  n = server[s].term;
  server[s].log[server[s].length] = entry_of(n, s);
  at[n].log[server[s].length] = entry_of(n, s);
  server[s].length++;
  at[n].length = server[s].length;
  compare_logs(s);
  forget()
}

#ifdef COUNTS_UNSTORED
#define own(s) server[s].length
#else
#define own(s) server[s].stored
#endif
#define has(s, f, k) (((f) == (s) && own(s) >= (k)) || \
                      ((f) != (s) && at[server[s].term].answered[f] >= (k)))
#define is_held(s, k) ((has(s, 0, k) -> 1 : 0) + (has(s, 1, k) -> 1 : 0) + \
                       (has(s, 2, k) -> 1 : 0) >= MAJORITY)
#ifdef COUNTS_OLD_TERMS
#define is_own_term(s, k) true
#else
#define is_own_term(s, k) (term_of(server[s].log[(k) - 1]) == server[s].term)
#endif

inline commit_by_counting(s, k) {
  decide(s, k);
  at[server[s].term].commit = k;
  forget()
}

// The first k entries of the leader's log of term t: entry k, preceded by entry k - 1. None if
// k is 0, a heartbeat.
inline hear_append(s, t, k) {
  follow(s, t);
#ifdef SKIPS_PREVIOUS
  is_match = k > 0 && server[s].length >= k - 1;
#else
  is_match = k > 0 && server[s].length >= k - 1 &&
             (k == 1 || term_of(server[s].log[k - 2]) == term_of(at[t].log[k - 2]));
#endif
  if
  :: is_match ->
     if
     :: server[s].length < k || term_of(server[s].log[k - 1]) != term_of(at[t].log[k - 1]) ->
        cut_log(s, k - 1);
        server[s].log[k - 1] = at[t].log[k - 1];
        server[s].length = k;
#ifdef FORGETS_ENTRIES
        server[s].stored = (server[s].stored < k - 1 -> server[s].stored : k - 1)
#endif
     :: else
     fi;
#ifndef FORGETS_ENTRIES
     server[s].stored = server[s].length;
#endif
     at[t].answered[s] = (at[t].answered[s] < k -> k : at[t].answered[s]);
     compare_logs(s);
     n = (k < at[t].commit -> k : at[t].commit);
     if
     :: n > server[s].commit -> decide(s, n)
     :: else
     fi
  :: else
  fi;
  forget()
}

inline crash(s) {
  crashes++;
  server[s].role = FOLLOWER;
  server[s].commit = 0;
  cut_log(s, server[s].stored);
#ifdef FORGETS_VOTE
  server[s].vote = NOBODY;
#endif
  forget()
}

// --- every step that there is, for one server ---------------------------------------------------

#define HEAR_ASK(s, t, c) \
  :: d_step { (s) != (c) && at[t].ask[c].sent && server[s].term <= (t) && \
              (at[t].ask[c].granted & bit(s)) == 0 -> hear_ask(s, t, c) }
#define HEAR_ASKS(s, t) HEAR_ASK(s, t, 0) HEAR_ASK(s, t, 1) HEAR_ASK(s, t, 2)

#define HEAR_APPEND(s, t, k) \
  :: d_step { at[t].leader != NOBODY && at[t].leader != (s) && server[s].term <= (t) && \
              (k) <= at[t].length -> hear_append(s, t, k) }
#if ENTRIES > 1
#define HEAR_APPENDS(s, t) HEAR_APPEND(s, t, 0) HEAR_APPEND(s, t, 1) HEAR_APPEND(s, t, 2)
#define COMMITS(s) COMMIT(s, 1) COMMIT(s, 2)
#else
#define HEAR_APPENDS(s, t) HEAR_APPEND(s, t, 0) HEAR_APPEND(s, t, 1)
#define COMMITS(s) COMMIT(s, 1)
#endif

#define COMMIT(s, k) \
  :: d_step { server[s].role == LEADER && server[s].commit < (k) && server[s].length >= (k) && \
              is_own_term(s, k) && is_held(s, k) -> commit_by_counting(s, k) }

#if TERMS > 3
#define HEAR_ALL(s) HEAR_ASKS(s, 1) HEAR_ASKS(s, 2) HEAR_ASKS(s, 3) HEAR_ASKS(s, 4) \
                    HEAR_APPENDS(s, 1) HEAR_APPENDS(s, 2) HEAR_APPENDS(s, 3) HEAR_APPENDS(s, 4)
#elif TERMS > 2
#define HEAR_ALL(s) HEAR_ASKS(s, 1) HEAR_ASKS(s, 2) HEAR_ASKS(s, 3) \
                    HEAR_APPENDS(s, 1) HEAR_APPENDS(s, 2) HEAR_APPENDS(s, 3)
#else
#define HEAR_ALL(s) HEAR_ASKS(s, 1) HEAR_ASKS(s, 2) HEAR_APPENDS(s, 1) HEAR_APPENDS(s, 2)
#endif

// A server whose log is not all on its disk does not stand for election: its request would speak
// of entries that a crash takes away.
#define STEPS(s) \
  :: d_step { server[s].role != LEADER && server[s].term < TERMS && \
              server[s].stored == server[s].length -> time_out(s) } \
  :: d_step { server[s].role == CANDIDATE && votes(s) >= MAJORITY -> take_office(s) } \
  :: d_step { server[s].role == LEADER && server[s].length < ENTRIES -> propose(s) } \
  :: d_step { server[s].stored < server[s].length -> server[s].stored = server[s].length } \
  :: d_step { crashes < CRASHES && server[s].term > 0 -> crash(s) } \
  COMMITS(s) HEAR_ALL(s)

init {
  d_step {
    for (i : 0 .. SERVERS - 1) { server[i].vote = NOBODY }
    for (i : 0 .. TERMS) { at[i].leader = NOBODY }
    i = 0;
    // Nothing can happen before somebody stands for election. All are the same, so let it be 0.
    time_out(0)
  }
end:
  do
  STEPS(0)
  STEPS(1)
  STEPS(2)
  od
}
