// Package identity bridges sessions: what a legacy session cookie stands for becomes a token that
// services understand, and the other way round.
//
// [Bridge.Transport] stands around a service's transport. It takes the session cookie off, asks the
// legacy application whose it is (once a session, remembered for a while), signs a short JWT (RFC 7519)
// and sends that instead. What legacy's answer renews (Set-Cookie, CSRF tokens) goes back to the client.
// [Bridge.Watch] stands around legacy's own transport and notices logins and logouts at once.
// [Bridge.JWKS] publishes the keys that the services verify with (RFC 7517).
//
// [Bridge.Reverse] stands around legacy's transport where services call it: their token becomes the
// session that it was made from, or they share an account that the bridge logs in.
//
// # One lookup a session
//
// Legacy applications lock a session while they answer, so that a lookup makes the visitor's own requests
// wait. There is at most one lookup of a session at a time, with a time-out of its own and a bounded
// answer, and it ends by itself when all who waited for it have gone. What it said is kept: who is logged
// in for [Config.Cache], that nobody is for [Config.Negative], that it failed for a second. Sessions are
// kept by a keyed hash of their cookie, a bounded number of them; those that nobody is logged in with
// have a bound of their own, so that made-up cookies don't push real sessions out.
//
// A request for which [Config.Passive] holds uses only what is known already, since a shadow's copy may
// not cost legacy a call.
package identity
