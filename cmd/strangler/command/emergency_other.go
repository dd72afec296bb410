//go:build !unix

package command

import "os"

// emergencySignal is nil where there is no SIGUSR1.
var emergencySignal os.Signal

func signalName(s os.Signal) string { return s.String() }
