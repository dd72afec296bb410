// Package command is the strangler command, for the program of that name and for programs that
// plug in translators of their own:
//
//	func main() {
//		os.Exit(command.Main(command.Config{Translators: map[string]acl.Translator{"orders": orders}}))
//	}
//
// Each subcommand is a file of its name; what rollout shows of one route is in rollout_one.go, how it
// watches in rollout_watch.go, and what it can be told in steer.go; what retire finds in access logs is in
// survey.go, what a move says of rollouts that it stopped in stopped.go, and what SIGUSR1 does to a
// proxy in emergency.go. Of translate, what check reads is in translate_bodies.go, and what stands for
// tables of identifiers in translate_ids.go. What they share:
//
//   - main.go      the tree of subcommands, and what runs it
//   - usage.go     what is wrong usage, and what was meant
//   - exit.go      which error ends with which status, and what is said
//   - output.go    how things are printed: as a table, as JSON or YAML, or just their names
//   - sheet.go     tables: headings, wide ones, colour
//   - yaml.go      YAML with JSON's members
//   - terminal.go  what a terminal is
//   - bar.go       how far something is, on terminals
//   - ink.go       bodies in colour
//   - watch.go     what is looked at again and again
//   - moment.go    times as people write them
//   - consent.go   what is asked first, on terminals
//   - completion.go  what a shell completes
//   - admin.go     how a running proxy is reached
//   - source.go    where a configuration comes from: a file, or flags alone
//
// README.md in the folder above is the reference of commands, statuses and configuration; tests
// hold it complete, and scripts in testdata/script there hold what it says. What --help says is in
// reference there too, generated, with a test against drift.
package command
