// Package dashboard is the HTML side of the admin listener: how far the migration is, where each
// route stands and the controls to move it, what differs between the two sides, and the journal.
//
// A page is a [web.System] read into one struct (overview.go, route.go, …) and a template of the
// same name. Each page works as plain links and forms. Where there is JavaScript, htmx sends the
// forms and an event stream (live.go) carries the parts of the page that changed; assets/live.js
// grafts them into the page without touching what has the focus or is being edited, and says whether
// the proxy is there. All who look at the same page share a room (room.go), which reads and draws it
// once. What can't be read a page does without, where it can, and says so (unread.go).
//
// Pictures are inline SVG, drawn on the server from the same numbers that stand beside them in words;
// gauge.go has that of a rollout's gate, fig.go that of the whole migration, area.go and spark.go those
// of series. Charts with an axis to follow are assets/chart.js's, of what chart.go answers.
//
// Everything shown was recorded from strangers. Templates escape it, visible (text.go) makes
// control and bidirectional characters visible, and no page has inline script or style, so that
// all of it works under default-src 'self'.
//
// Who may do what is package web's business: the dashboard asks [web.IdentityFrom] for the role,
// shows controls to those who may operate and recorded answers to those who may read evidence,
// and logs who read which.
package dashboard

//go:generate ./generate.sh
