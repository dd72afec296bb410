package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// usage is what a proxy has used: all its processes together.
type usage struct {
	CPU time.Duration // user and system, since they started
	RSS int64         // bytes; pages that several processes share count for each
}

// measure reads the usage of a process and all its descendants.
func measure(pid int) (usage, error) {
	var sum usage
	pids, err := family(pid)
	if err != nil {
		return sum, err
	}
	for _, pid := range pids {
		cpu, err := processTime(pid)
		if err != nil {
			return sum, fmt.Errorf("read the time of process %d: %w", pid, err)
		}
		rss, err := residentSize(pid)
		if err != nil {
			return sum, fmt.Errorf("read the memory of process %d: %w", pid, err)
		}
		sum.CPU += cpu
		sum.RSS += rss
	}
	return sum, nil
}

// processTime returns the processor time of all threads that a process has and had. Linux has a
// clock for each process, exact to nanoseconds, where /proc/PID/stat counts in hundredths of a
// second; its number is the one's complement of the process id above three bits, of which 2
// says that the scheduler's account is meant (clock_getcpuclockid(3) makes the same).
func processTime(pid int) (time.Duration, error) {
	var at unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &at); err != nil {
		return 0, err
	}
	return time.Duration(at.Nano()), nil
}

func residentSize(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("no VmRSS in /proc/%d/status", pid)
}

// family returns a process and all its descendants.
func family(root int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it has ended meanwhile
		}
		// proc_pid_stat(5): the name in parentheses may hold anything, so look behind the last one.
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		if len(fields) < 2 {
			continue
		}
		if parent, err := strconv.Atoi(fields[1]); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	all := []int{root}
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all, nil
}
