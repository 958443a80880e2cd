// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/help.hpp"

namespace rollcall::cli {

std::string overview() {
  return R"(rollcall knows who is here: cluster membership and failure detection.

Usage: rollcall COMMAND [FLAG…]

Run
  agent          run one member, in the foreground unless told otherwise
  cluster        run a whole cluster on this machine: up, down, status, kill,
                 pause, resume, start, exec; break its network: partition, cut,
                 loss, link-down, link-up, heal; or do all that by a file that
                 says what must be seen: run-scenario

Read from an agent
  members        list the members that it knows
  suspects       list those under suspicion
  self           show its own member
  status         show how it is doing
  protocol       show the failure detector and suspicion in force
  events         follow what happens in the cluster, in order

What all members agree on
  views          show or follow the numbered views of the cluster's members
  leader         show which member leads the cluster
  groups         list the named groups
  group          join, leave, remove, heartbeat, members, watch; and lead: run a
                 command while this client leads a group

Act on an agent
  join           let it join a cluster through any member of it
  leave          let it leave its cluster and stay up
  force-leave    turn a failed member into one that left
  switch         change the failure detector of the running cluster
  config         get, set, check or dump a configuration

Without any agent
  simulate       run a cluster in virtual time, with faults, from a scenario or drawn
  plan           predict detection times, load and mistakes of a cluster to be

Other
  help COMMAND   all flags of a command
  version        the version of this program

Reading and acting commands talk to the agent at --http HOST:PORT, by default
127.0.0.1:7480 or what the environment's ROLLCALL_HTTP says.

Exit codes: 0 done; 1 refused, or not so; 2 bad usage; 3 no agent answered.

A first cluster, on this machine alone:
  rollcall cluster up --nodes 5
  rollcall members
  rollcall cluster kill node3 && rollcall events --no-follow
  rollcall cluster down
)";
}

}  // namespace rollcall::cli
