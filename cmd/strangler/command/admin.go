package command

import (
	"context"
	"os"
	"os/user"

	"github.com/spf13/cobra"
	"github.com/strangler-fig/toolkit/web/api"
)

// defaultAdmin is where a proxy's admin listener is unless it was told otherwise.
const defaultAdmin = "http://127.0.0.1:9900"

// admin is how a subcommand reaches a running proxy.
type admin struct{ url, token string }

func (a *admin) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&a.url, "admin", envOr("STRANGLER_ADMIN", defaultAdmin), "`URL` of the running proxy's admin listener; or STRANGLER_ADMIN")
	cmd.Flag("admin").DefValue = defaultAdmin // the help is the same whatever the environment
	// The token is not the flag's default, which the help shows.
	cmd.Flags().StringVar(&a.token, "token", "", "admin `token`, if the proxy wants one; or STRANGLER_TOKEN, which other users can't see in a list of processes")
}

func (a *admin) client() (*api.Client, error) {
	token := a.token
	if token == "" {
		token = os.Getenv("STRANGLER_TOKEN")
	}
	client, err := api.NewClient(api.ClientConfig{URL: a.url, Token: token, Actor: osUser()})
	if err != nil {
		return nil, &usageError{err}
	}
	return client, nil
}

// osUser is who the operating system says runs the command.
func osUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return envOr("USER", "unknown")
}

func envOr(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

// mustExist is asked where a listing came back empty: nothing of a route, or a route that there
// isn't, which is an error. One that was removed and has left something is no matter of it.
func mustExist(ctx context.Context, client *api.Client, route, group string) error {
	if route != "" {
		if _, err := client.Route(ctx, route); err != nil {
			return err
		}
	}
	if group != "" {
		if _, err := client.Group(ctx, group); err != nil {
			return err
		}
	}
	return nil
}
