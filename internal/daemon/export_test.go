package daemon

import "context"

// MarkerContent returns what the newest record of a marker says.
func MarkerContent(path string) ([]byte, error) {
	m, err := openMarker(path)
	if err != nil {
		return nil, err
	}
	return m.content, m.close()
}

// MarkerTorn reports whether one of a marker's records can't be read.
func MarkerTorn(path string) (bool, error) {
	m, err := openMarker(path)
	if err != nil {
		return false, err
	}
	return m.torn, m.close()
}

// MakeMarker returns the bytes of a marker whose newest record is the first.
func MakeMarker(slot int, seq uint64, content []byte) []byte {
	data := make([]byte, 2*slot)
	copy(data, makeRecord(seq, content))
	copy(data[slot:], makeRecord(seq-1, nil))
	return data
}

// Sample puts what happened since the last look on record, and waits until it is tried to be written.
func (d *Daemon) Sample(ctx context.Context) error {
	d.sample()
	return d.ledger.Flush(ctx)
}
