//go:build unix

package command

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

var emergencySignal os.Signal = syscall.SIGUSR1

func signalName(s os.Signal) string { return unix.SignalName(s.(syscall.Signal)) }
