// Package web is everything on the admin listener: who may come in, what the pages may do, and
// the shapes that the JSON API and the dashboard share. Package api speaks JSON, package
// dashboard HTML; both see the running system through the interfaces here.
package web
