package rollout

import "net/url"

// Shown returns the webhook's URL as it may be shown and logged: who is told, and nothing that
// could be a password. Many have their token in the path or in the query.
func (w Webhook) Shown() string {
	u, err := url.Parse(w.URL)
	if err != nil || u.Host == "" {
		return "…"
	}
	shown := u.Scheme + "://" + u.Host
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" {
		shown += "/…"
	}
	return shown
}
