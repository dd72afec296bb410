// Package shadow copies an exchange to the other side, compares the two answers and remembers
// what differed, without touching the client's answer.
package shadow
