// SPDX-FileCopyrightText: The rollcall authors
// SPDX-License-Identifier: Apache-2.0

// Measures hashicorp/memberlist with its LAN defaults, each member a process of its own, on
// loopback: how long until all know of a SIGKILL, and how long until all list a cluster that
// joins through one member at once. Prints one JSON line a figure.
//
// Build, without a network, from Debian's golang-github-hashicorp-memberlist-dev:
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o memberlist_bench .
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/memberlist"
)

// Our own limit on any single wait, far above what memberlist needs for 100 members.
const patience = 120 * time.Second

// ---- one member: a process that prints a line for everything its member list reports ----

type reporter struct {
	mutex sync.Mutex
	out   *bufio.Writer
}

func (r *reporter) say(word, name string) {
	now := time.Now().UnixNano()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	fmt.Fprintf(r.out, "%s %s %d\n", word, name, now)
	r.out.Flush()
}

func (r *reporter) NotifyJoin(node *memberlist.Node)   { r.say("up", node.Name) }
func (r *reporter) NotifyLeave(node *memberlist.Node)  { r.say("down", node.Name) }
func (r *reporter) NotifyUpdate(node *memberlist.Node) {}

func runMember(name string, port int) {
	report := &reporter{out: bufio.NewWriter(os.Stdout)}
	config := memberlist.DefaultLANConfig()
	config.Name = name
	config.BindAddr = "127.0.0.1"
	config.AdvertiseAddr = "127.0.0.1"
	config.BindPort = port
	config.AdvertisePort = port
	config.Events = report
	config.Logger = log.New(io.Discard, "", 0)
	list, err := memberlist.Create(config)
	if err != nil {
		fmt.Fprintln(os.Stderr, "memberlist_bench:", err)
		os.Exit(1)
	}
	report.say("ready", name)
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		if _, err := list.Join([]string{input.Text()}); err != nil {
			fmt.Fprintln(os.Stderr, "memberlist_bench: join:", err)
		}
	}
}

// ---- the driver: starts the members, and keeps what each of them says ----

type member struct {
	name    string
	port    int
	process *exec.Cmd
	input   io.WriteCloser
}

type line struct {
	from int
	word string
	name string
	at   time.Time
}

type cluster struct {
	members []*member
	lines   chan line
	// up[i][name] is when member i last listed name as alive; down likewise.
	up, down []map[string]time.Time
	ready    int
}

func start(count, basePort int) (*cluster, error) {
	c := &cluster{lines: make(chan line, 1<<16)}
	for i := 0; i < count; i++ {
		m := &member{name: fmt.Sprintf("node%d", i+1), port: basePort + i}
		m.process = exec.Command("/proc/self/exe", "-member", m.name, "-port", fmt.Sprint(m.port))
		m.process.Stderr = os.Stderr
		output, err := m.process.StdoutPipe()
		if err == nil {
			m.input, err = m.process.StdinPipe()
		}
		if err == nil {
			err = m.process.Start()
		}
		if err != nil {
			return c, err
		}
		c.members = append(c.members, m)
		c.up = append(c.up, map[string]time.Time{})
		c.down = append(c.down, map[string]time.Time{})
		go c.follow(i, output)
	}
	return c, c.until("every member to start", func() bool { return c.ready == count })
}

func (c *cluster) follow(from int, output io.Reader) {
	scanner := bufio.NewScanner(output)
	for scanner.Scan() {
		var l line
		var nanoseconds int64
		if _, err := fmt.Sscan(scanner.Text(), &l.word, &l.name, &nanoseconds); err == nil {
			l.from, l.at = from, time.Unix(0, nanoseconds)
			c.lines <- l
		}
	}
}

func (c *cluster) take(l line) {
	switch l.word {
	case "ready":
		c.ready++
	case "up":
		c.up[l.from][l.name] = l.at
	case "down":
		c.down[l.from][l.name] = l.at
	}
}

func (c *cluster) until(what string, so func() bool) error {
	deadline := time.After(patience)
	for !so() {
		select {
		case l := <-c.lines:
			c.take(l)
		case <-deadline:
			return fmt.Errorf("waited %v for %s", patience, what)
		}
	}
	return nil
}

// joinAll tells all but the first to join through the first, at once.
func (c *cluster) joinAll() (time.Duration, error) {
	begin := time.Now()
	seed := fmt.Sprintf("127.0.0.1:%d\n", c.members[0].port)
	for _, m := range c.members[1:] {
		if _, err := io.WriteString(m.input, seed); err != nil {
			return 0, err
		}
	}
	err := c.until("every member to list every other", func() bool {
		for _, listed := range c.up {
			if len(listed) < len(c.members) {
				return false
			}
		}
		return true
	})
	last := begin
	for _, listed := range c.up {
		for _, at := range listed {
			if at.After(last) {
				last = at
			}
		}
	}
	return last.Sub(begin), err
}

// kill ends one member with SIGKILL, and says how long it took until the last other one knew.
func (c *cluster) kill(victim int, dead map[int]bool) (time.Duration, error) {
	name := c.members[victim].name
	begin := time.Now()
	if err := c.members[victim].process.Process.Kill(); err != nil {
		return 0, err
	}
	dead[victim] = true
	last := begin
	err := c.until("every other to list "+name+" as dead", func() bool {
		for i := range c.members {
			if at, known := c.down[i][name]; !dead[i] && !known {
				return false
			} else if known && at.After(last) {
				last = at
			}
		}
		return true
	})
	return last.Sub(begin), err
}

func (c *cluster) stop() {
	for _, m := range c.members {
		m.process.Process.Kill()
	}
	for _, m := range c.members {
		m.process.Wait()
	}
}

// ---- figures ----

func print(figure string, count int, samples []time.Duration) {
	sort.Slice(samples, func(i, j int) bool { return samples[i] < samples[j] })
	seconds := []float64{}
	for _, s := range samples {
		seconds = append(seconds, s.Seconds())
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"figure": figure, "subject": "memberlist", "members": count, "unit": "s",
		"value": seconds[len(seconds)/2], "samples": seconds,
		"command": "memberlist_bench " + strings.Join(os.Args[1:], " "),
	})
}

func measureJoin(count, basePort, repetitions int) ([]time.Duration, error) {
	samples := []time.Duration{}
	for r := 0; r < repetitions; r++ {
		c, err := start(count, basePort)
		defer c.stop()
		if err != nil {
			return nil, err
		}
		took, err := c.joinAll()
		if err != nil {
			return nil, err
		}
		samples = append(samples, took)
		c.stop()
	}
	return samples, nil
}

// Victims are not restarted, so the last of them is one of count - repetitions + 1 members.
func measureCrash(count, basePort, repetitions int) ([]time.Duration, error) {
	c, err := start(count, basePort)
	defer c.stop()
	if err == nil {
		_, err = c.joinAll()
	}
	if err != nil {
		return nil, err
	}
	samples, dead := []time.Duration{}, map[int]bool{}
	for r := 0; r < repetitions; r++ {
		time.Sleep(3 * time.Second) // the gossip about the join, or the previous victim, ebbs away
		took, err := c.kill(count/2+r, dead)
		if err != nil {
			return nil, err
		}
		samples = append(samples, took)
	}
	return samples, nil
}

func main() {
	name := flag.String("member", "", "run one member of this name (used by the driver)")
	port := flag.Int("port", 0, "port of that member")
	count := flag.Int("members", 100, "members of the cluster")
	basePort := flag.Int("base-port", 27946, "port of the first member")
	repetitions := flag.Int("repetitions", 5, "samples of each figure")
	figure := flag.String("figure", "join,crash", "which to measure")
	flag.Parse()
	if *name != "" {
		runMember(*name, *port)
		return
	}
	measures := map[string]func(int, int, int) ([]time.Duration, error){
		"join": measureJoin, "crash": measureCrash,
	}
	for _, f := range strings.Split(*figure, ",") {
		measure, known := measures[f]
		if !known {
			fmt.Fprintf(os.Stderr, "memberlist_bench: no figure is called '%s'; there are: join, crash\n", f)
			os.Exit(2)
		}
		samples, err := measure(*count, *basePort, *repetitions)
		if err != nil {
			fmt.Fprintln(os.Stderr, "memberlist_bench:", err)
			os.Exit(1)
		}
		print(f, *count, samples)
	}
}
