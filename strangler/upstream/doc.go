// Package upstream carries requests to the endpoints of one side: station 9 of a request's
// path. Transport is a http.RoundTripper, and what else stands at this station goes around it
// as one.
package upstream
