// Package exchange translates requests and answers: method, path and query, headers, status, and
// bodies through package body. One definition serves both roles: [Exchange.Front] stands in front
// of a service for legacy's clients, [Exchange.Facade] in front of legacy for services that call it.
package exchange
