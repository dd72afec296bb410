package ids

import (
	"database/sql"
	"time"
)

// OpenBusy is Open with the time that a statement waits for another process' lock.
func OpenBusy(path string, busy time.Duration) (*Store, error) { return open(path, busy) }

// Writer returns the connection that writes.
func (s *Store) Writer() *sql.DB { return s.db.Writer() }

// NewUUID makes a UUID as of a time.
var NewUUID = newUUID

// PassedOver is how many taken numbers one transaction passes over.
const PassedOver = passedOver
