// Package api is the JSON API of the admin listener, and the Go client that the command uses.
//
// Listings are objects with one list, never null: {"routes": […]}. Errors are problem documents
// (RFC 9457), see web.Problem.
package api
