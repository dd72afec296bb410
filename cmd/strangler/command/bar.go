package command

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

const barWidth = 30

// barText draws how much of something there is, 0 to 1. Only the whole of it fills the bar (but for
// what gets lost in a division).
func barText(share float64, width int) string {
	full := min(max(int(share*float64(width)+1e-9), 0), width)
	return "[" + strings.Repeat("=", full) + strings.Repeat(" ", width-full) + "]"
}

// barEvery is how often a bar is drawn at most: what it shows may go on a thousand times faster.
const barEvery = 100 * time.Millisecond

// bar shows, on the last line of a terminal, how far something is that takes its time. It is safe for
// concurrent use: what is sent is read by somebody else than who waits for the answer.
type bar struct {
	to    io.Writer // nil: nobody looks
	width int       // of a line, in characters; 0: as many as it takes

	mu    sync.Mutex
	drawn time.Time
	ended bool
}

// newBar returns one for a terminal; elsewhere, or where it is to be quiet, it shows nothing.
func newBar(to io.Writer, quiet bool) *bar {
	if quiet || !isTerminal(to) {
		return &bar{}
	}
	return &bar{to: to, width: widthOf(to)}
}

// show shows that so many are done.
func (b *bar) show(done, of int64, format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.to == nil || of <= 0 || time.Since(b.drawn) < barEvery {
		return
	}
	b.draw(barText(float64(done)/float64(of), barWidth) + " " + fmt.Sprintf(format, args...))
}

// wait shows what is waited for, where nobody knows how long.
func (b *bar) wait(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.to != nil && time.Since(b.drawn) >= barEvery {
		b.draw(fmt.Sprintf(format, args...))
	}
}

// draw draws a line, while mu is held.
func (b *bar) draw(text string) {
	if b.ended {
		return
	}
	b.drawn = time.Now()
	text = printable(text)
	if b.width > 1 {
		text = short(text, b.width-1) // a line that breaks can't be drawn over
	}
	fmt.Fprint(b.to, "\r\x1b[K"+text)
}

// clear takes it away.
func (b *bar) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.to != nil && !b.drawn.IsZero() {
		fmt.Fprint(b.to, "\r\x1b[K")
		b.drawn = time.Time{}
	}
}

// end is clear, after which nothing is drawn any more, whoever is still at it.
func (b *bar) end() {
	b.clear()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
}

// reading is a reader that shows how much of so many bytes was read.
type reading struct {
	io.Reader
	bar      *bar
	name     string
	done, of int64 // of 0: nobody knows
}

// Read implements io.Reader.
func (r *reading) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.done += int64(n)
	if r.of > 0 {
		r.bar.show(r.done, r.of, "%s, %.1f of %.1f MiB", r.name, mebibytes(r.done), mebibytes(r.of))
	} else {
		r.bar.wait("%s, %.1f MiB", r.name, mebibytes(r.done))
	}
	return n, err
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

// writing is a writer that shows how many of so many lines were written.
type writing struct {
	io.Writer
	bar      *bar
	thing    string // what a line is
	done, of int64
}

// Write implements io.Writer.
func (w *writing) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	w.done += int64(bytes.Count(p[:n], []byte{'\n'}))
	w.bar.show(min(w.done, w.of), w.of, "%d of %s", min(w.done, w.of), count(int(w.of), w.thing))
	return n, err
}
