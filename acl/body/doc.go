// Package body translates whole bodies: bytes in the one side's format become bytes in the other's,
// through a lens, a jq program or both, at once or record by record.
package body
