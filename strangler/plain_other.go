//go:build !unix

package strangler

// arrival is nothing here: all is net/http's.
type arrival struct{}

func (l *plain) prepare(*arrival) bool { return false }

func (l *plain) receive(*arrival) (int, error) { panic("unreachable: prepare says no") }
