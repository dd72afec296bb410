package strangler_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// TestPeerLarge has 8 clients at once upload and download 1 GiB each (16 MiB without -soak):
// every byte arrives, and the proxy, which is a process of its own, holds less than 64 MiB more
// than when it idles.
func TestPeerLarge(t *testing.T) {
	const atOnce, most = 8, 64 << 20
	size := int64(16 << 20)
	if *soak {
		size = 1 << 30
	}
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			if r.URL.Path == "/length" {
				w.Header().Set("Content-Length", fmt.Sprint(size))
			}
			_, _ = io.Copy(w, newNumbers(size))
			return
		}
		n, err := checkNumbers(r.Body)
		fmt.Fprint(w, n, " ", err, " ", r.ContentLength)
	}))
	defer back.Close()
	for _, b := range rawBacks {
		for _, form := range []string{"length", "chunked"} {
			t.Run(form+", "+b.name, func(t *testing.T) {
				p := startProcess(t, b, back.URL)
				transport := &http.Transport{MaxIdleConnsPerHost: 2 * atOnce}
				defer transport.CloseIdleConnections()
				client := &http.Client{Transport: transport}
				// The idle process has the connections and buffers that any traffic leaves it.
				var warm sync.WaitGroup
				for range atOnce {
					warm.Go(func() { _ = upload(client, p.addr, form, 1<<20, 1<<20) })
				}
				warm.Wait()
				idle := p.ask()
				resident, _, _ := p.resident()

				failed := make(chan error, 2*atOnce)
				var transfers sync.WaitGroup
				for range atOnce {
					transfers.Go(func() { failed <- upload(client, p.addr, form, size, size) })
					transfers.Go(func() { failed <- download(client, p.addr, form, size) })
				}
				over := make(chan struct{})
				go func() { transfers.Wait(); close(over) }()
				peak := idle
				for running := true; running; {
					select {
					case <-over:
						running = false
					case <-time.After(20 * time.Millisecond):
					}
					peak = max(peak, p.ask())
				}
				for range 2 * atOnce {
					if err := <-failed; err != nil {
						t.Error(err)
					}
				}
				if grown := peak - idle; grown > most {
					t.Errorf("heap and stacks grew by %d KiB above the %d KiB when idle", grown>>10, idle>>10)
				} else {
					t.Logf("heap and stacks grew by %d KiB above the %d KiB when idle", grown>>10, idle>>10)
				}
				if _, highest, known := p.resident(); known {
					if grown := highest - resident; grown > most {
						t.Errorf("the process grew by %d KiB above the %d KiB when idle", grown>>10, resident>>10)
					} else {
						t.Logf("the process grew by %d KiB above the %d KiB when idle", grown>>10, resident>>10)
					}
				}
			})
		}
	}
}

func upload(client *http.Client, addr, form string, size, want int64) error {
	req, err := http.NewRequest(http.MethodPut, "http://"+addr+"/"+form, newNumbers(size))
	if err != nil {
		return err
	}
	length := int64(-1)
	if form == "length" {
		length = size
	}
	req.ContentLength = length
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if want := fmt.Sprint(want, " ", nil, " ", length); err != nil || string(got) != want {
		return fmt.Errorf("upload: the upstream saw %q, %v; want %q", got, err, want)
	}
	return nil
}

func download(client *http.Client, addr, form string, size int64) error {
	resp, err := client.Get("http://" + addr + "/" + form)
	if err != nil {
		return fmt.Errorf("download: %w", err)
	}
	defer resp.Body.Close()
	if (form == "length") != (resp.ContentLength == size) {
		return fmt.Errorf("download: length %d", resp.ContentLength)
	}
	if n, err := checkNumbers(resp.Body); n != size || err != nil {
		return fmt.Errorf("download: %d bytes, %w", n, err)
	}
	return nil
}

// block is what numbers are made of: each one begins with its own number, and ends with a hash
// of it, so that none may be lost, doubled or moved.
const block = 4 << 10

// newNumbers returns size bytes, a multiple of block.
func newNumbers(size int64) io.Reader { return &numbers{left: size} }

type numbers struct {
	left, next int64
	unread     []byte
	buf        [block]byte
}

func (n *numbers) Read(p []byte) (int, error) {
	if len(n.unread) == 0 {
		if n.left == 0 {
			return 0, io.EOF
		}
		fillBlock(n.buf[:], n.next)
		n.unread = n.buf[:]
		n.next++
		n.left -= block
	}
	m := copy(p, n.unread)
	n.unread = n.unread[m:]
	return m, nil
}

func fillBlock(b []byte, number int64) {
	binary.BigEndian.PutUint64(b, uint64(number))
	h := fnv.New64a()
	_, _ = h.Write(b[:8])
	h.Sum(b[block-8 : block-8])
}

// checkNumbers reads to the end and returns how many bytes came.
func checkNumbers(r io.Reader) (int64, error) {
	var got, want [block]byte
	for number := int64(0); ; number++ {
		n, err := io.ReadFull(r, got[:])
		if err == io.EOF {
			return number * block, nil
		}
		if err != nil {
			return number*block + int64(n), err
		}
		fillBlock(want[:], number)
		if got[0] != want[0] || string(got[:8]) != string(want[:8]) || string(got[block-8:]) != string(want[block-8:]) {
			return number * block, errors.New("a block is not the one that was sent")
		}
	}
}
