package command

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"sync"
)

// standIns stand for a table of identifiers where there is no proxy to ask: each identifier has
// one on the other side, always the same, and comes back as itself.
type standIns struct {
	table string

	mu        sync.Mutex
	toLegacy  map[string]string // of the service's that were made here
	toService map[string]string // of legacy's that were made here
}

func newStandIns(table string) *standIns {
	return &standIns{table: table, toLegacy: map[string]string{}, toService: map[string]string{}}
}

func (s *standIns) hash(side, id string) [sha256.Size]byte {
	return sha256.Sum256([]byte(s.table + "\x00" + side + "\x00" + id))
}

// ToService implements lens.Table: it makes a UUID of version 8 (RFC 9562, section 5.8).
func (s *standIns) ToService(_ context.Context, id string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.toService[id]; ok {
		return known, nil
	}
	h := s.hash("legacy", id)
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80
	made := fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
	s.toLegacy[made] = id
	return made, nil
}

// ToLegacy implements lens.Table: it makes a number of nine digits.
func (s *standIns) ToLegacy(_ context.Context, id string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.toLegacy[id]; ok {
		return known, nil
	}
	h := s.hash("service", id)
	made := strconv.Itoa(100_000_000 + int(binary.BigEndian.Uint32(h[:4]))%900_000_000)
	s.toService[made] = id
	return made, nil
}
