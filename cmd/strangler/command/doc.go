// Package command is the strangler command, one file a subcommand, for programs that plug in
// translators of their own:
//
//	func main() {
//		os.Exit(command.Main(command.Config{Translators: map[string]acl.Translator{"orders": orders}}))
//	}
package command
