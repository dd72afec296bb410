package command

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/web"
	"github.com/strangler-fig/toolkit/web/api"
)

// Exit statuses.
const (
	statusDone        = 0
	statusFailed      = 1
	statusUsage       = 2 // wrong usage or invalid configuration
	statusUnreachable = 3 // the admin API can't be reached
	statusUnknown     = 4 // no such route or group
	statusConflict    = 5 // changed meanwhile
	statusRefused     = 6 // by a guard
)

// failure is an error of a subcommand that was used rightly; what cobra itself complains of is
// wrong usage.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// usageError is wrong usage that cobra can't see.
type usageError struct{ err error }

func (u *usageError) Error() string { return u.err.Error() }
func (u *usageError) Unwrap() error { return u.err }

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

// run marks the errors of a subcommand's body as its own.
func run(body func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		err := body(cmd, args)
		if err == nil {
			return nil
		}
		return &failure{err}
	}
}

// statusOf returns the exit status that goes with an error.
func statusOf(err error) int {
	var own *failure
	var usage *usageError
	var problems config.Problems
	var unreachable *api.UnreachableError
	var problem *api.Problem
	switch {
	case !errors.As(err, &own), errors.As(err, &usage), errors.As(err, &problems):
		return statusUsage
	case errors.As(err, &unreachable):
		return statusUnreachable
	case errors.As(err, &problem):
		switch problem.Code {
		case web.CodeUnknownRoute, web.CodeNotFound:
			return statusUnknown
		case web.CodeConflict:
			return statusConflict
		case web.CodeRefused:
			return statusRefused
		case web.CodeInvalid:
			return statusUsage
		}
	}
	return statusFailed
}

// explain returns an error's text, with what to do next where there is more to say than it does
// itself. Problems of a configuration begin their lines, so that editors can follow them.
func explain(cmd *cobra.Command, err error) string {
	var own *failure
	var problems config.Problems
	var atPlace config.Problem
	var problem *api.Problem
	switch {
	case !errors.As(err, &own):
		return fmt.Sprintf("strangler: %v\nRun '%s --help' for how it is used.", err, cmd.CommandPath())
	case errors.As(err, &problems), errors.As(err, &atPlace) && atPlace.File != "":
		return err.Error()
	case errors.As(err, &problem) && problem.Code == web.CodeUnauthorized:
		return "strangler: the proxy wants a token that it knows; give one with --token or STRANGLER_TOKEN"
	}
	return "strangler: " + err.Error()
}
