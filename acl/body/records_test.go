package body_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// soak has the largest bodies streamed; see .ci/run.
var soak = flag.Bool("soak", false, "stream bodies of 100 MB")

// recordForms are the formats that have records, each with the names a or A and b or B.
func recordForms(names ...string) map[string]format.Config {
	columns := []format.Column{{Name: names[0], Width: 4}, {Name: names[1], Width: 3, Align: "right", Pad: "0"}}
	return map[string]format.Config{
		"json":        {Name: format.JSON},
		"ndjson":      {Name: format.NDJSON},
		"csv":         {Name: format.CSV, Delimiter: ";", Columns: []format.Column{{Name: names[0]}, {Name: names[1]}}},
		"csv-header":  {Name: format.CSV, Header: true},
		"fixed-width": {Name: format.FixedWidth, Columns: columns},
	}
}

var legacyBodies = map[string]string{
	"json":        `[{"A":"x","B":"7"},{"A":"yy","B":"12"}]`,
	"ndjson":      "{\"A\":\"x\",\"B\":\"7\"}\n{\"A\":\"yy\",\"B\":\"12\"}\n",
	"csv":         "x;7\nyy;12\n",
	"csv-header":  "A,B\nx,7\nyy,12\n",
	"fixed-width": "x   007\nyy  012\n",
}

var serviceBodies = map[string]string{
	"json":        `[{"a":"x","b":7},{"a":"yy","b":12}]`,
	"ndjson":      "{\"a\":\"x\",\"b\":7}\n{\"a\":\"yy\",\"b\":12}\n",
	"csv":         "x;7\nyy;12\n",
	"csv-header":  "a,b\nx,7\nyy,12\n",
	"fixed-width": "x   007\nyy  012\n",
}

func recordLens(jsonText bool) lens.Definition {
	b := field("B", "b")
	b.Type = lens.Sides[lens.Type]{Legacy: lens.TypeText, Service: lens.TypeNumber}
	if jsonText {
		b.Type = lens.Sides[lens.Type]{}
	}
	return lens.Definition{Fields: []lens.Field{field("A", "a"), b}, Unknown: dropping}
}

// TestRecords translates each format into each, both ways, at once and as a stream.
func TestRecords(t *testing.T) {
	for from, legacy := range recordForms("A", "B") {
		for to, service := range recordForms("a", "b") {
			t.Run(from+" to "+to, func(t *testing.T) {
				translator := mustNew(t, body.Definition{Legacy: legacy, Service: service, Records: true, Lens: recordLens(false)})
				for _, way := range []body.Direction{body.ToService, body.ToLegacy} {
					in, want := legacyBodies[from], serviceBodies[to]
					if way == body.ToLegacy {
						in, want = want, in
					}
					if !translator.Streams(way) {
						t.Fatalf("%s: bodies of both are records, and it says that they aren't", way)
					}
					got, err := translator.Translate(t.Context(), way, []byte(in), "")
					if err != nil {
						t.Fatalf("%s: %v", way, err)
					}
					if diff := cmp.Diff(unpadded(want), unpadded(string(got))); diff != "" {
						t.Errorf("%s, at once (-want +got):\n%s", way, diff)
					}
					s := translator.Stream(t.Context(), way, iotest.OneByteReader(strings.NewReader(in)), "")
					if got, err = io.ReadAll(s); err != nil {
						t.Fatalf("%s: %v", way, err)
					}
					if err := s.Close(); err != nil {
						t.Error(err)
					}
					if diff := cmp.Diff(unpadded(want), unpadded(string(got))); diff != "" {
						t.Errorf("%s, as a stream (-want +got):\n%s", way, diff)
					}
				}
			})
		}
	}
}

// unpadded leaves out the zeros in front, which a fixed width has and a text from another format
// hasn't: that is no business of the formats.
func unpadded(s string) string {
	return strings.NewReplacer("007", "7", `"012"`, `"12"`, ";012", ";12", ",012", ",12").Replace(s)
}

// TestTableHasAColumnForEachField writes tables whose columns nothing but the translator's fields name, whole and as a stream.
func TestTableHasAColumnForEachField(t *testing.T) {
	table := format.Config{Name: format.CSV, Header: true}
	json := format.Config{Name: format.JSON}
	fields := []lens.Field{field("A", "a"), {Legacy: []string{"OLD"}, Drop: true}, field("B", "b"), field("C", "c")}
	keep := lens.Ways[lens.Unknown]{ToService: lens.Keep, ToLegacy: lens.Keep}
	drop := lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Drop}
	parts := lens.Set{Lenses: map[string]lens.Definition{"part": {Fields: []lens.Field{field("B", "b"), field("C", "c")}, Unknown: drop}}}
	for name, c := range map[string]struct {
		d        body.Definition
		way      body.Direction
		in, want string
		back     string // of want; empty: it isn't looked at
	}{
		"the first lacks one": {body.Definition{Legacy: table, Service: json, Lens: lens.Definition{Fields: fields, Unknown: drop}}, body.ToLegacy,
			`[{"c":"3"},{"a":"1","b":"2"}]`, "A,B,C\n,,3\n1,2,\n", `[{"a":"","b":"","c":"3"},{"a":"1","b":"2","c":""}]`},
		"the first has none": {body.Definition{Legacy: table, Service: json, Lens: lens.Definition{Fields: fields, Unknown: drop}}, body.ToLegacy,
			`[{},{"a":"1"}]`, "A,B,C\n,,\n1,,\n", ""},
		"no records": {body.Definition{Legacy: table, Service: json, Lens: lens.Definition{Fields: fields, Unknown: drop}}, body.ToLegacy,
			`[]`, "A,B,C\n", `[]`},
		"with others behind": {body.Definition{Legacy: table, Service: json, Lens: lens.Definition{Fields: fields, Unknown: keep}}, body.ToLegacy,
			`[{"x":"7","c":"3"},{"b":"2"}]`, "A,B,C,x\n,,3,7\n,2,,\n", ""},
		"of the service": {body.Definition{Legacy: json, Service: table, Lens: lens.Definition{Fields: fields, Unknown: drop}}, body.ToService,
			`[{"C":"3"},{"A":"1"}]`, "a,b,c\n,,3\n1,,\n", ""},
		"of a lens within": {body.Definition{Legacy: table, Service: json, Lens: lens.Definition{Fields: []lens.Field{
			{Legacy: []string{"."}, Service: []string{"in"}, With: "part"}}, Unknown: drop}}, body.ToLegacy,
			`[{"in":{"b":"2"}},{"in":{"c":"3"}}]`, "B,C\n2,\n,3\n", ""},
		"of a program": {body.Definition{Legacy: table, Service: json, Lens: lens.Definition{Fields: fields, Unknown: drop}, JQ: lens.Ways[string]{ToLegacy: "{Z: .A}"}}, body.ToLegacy,
			`[{"a":"1"}]`, "Z\n1\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			set := lens.Set{}
			if name == "of a lens within" {
				set = parts
			}
			translator, err := body.New(c.d, set)
			if err != nil {
				t.Fatal(err)
			}
			whole, err := translator.Translate(t.Context(), c.way, []byte(c.in), "")
			if err != nil || string(whole) != c.want {
				t.Errorf("%q, %v, want %q", whole, err, c.want)
			}
			s := translator.Stream(t.Context(), c.way, iotest.OneByteReader(strings.NewReader(c.in)), "")
			defer s.Close()
			if streamed, err := io.ReadAll(s); err != nil || string(streamed) != c.want {
				t.Errorf("as a stream %q, %v, want %q", streamed, err, c.want)
			}
			if c.back == "" {
				return
			}
			if back, err := translator.Translate(t.Context(), c.way.Reverse(), []byte(c.want), ""); err != nil || string(back) != c.back {
				t.Errorf("comes back as %q, %v, want %q", back, err, c.back)
			}
		})
	}
}

func TestRecordErrorsNameTheRecord(t *testing.T) {
	total := field("TOT", "total")
	total.Number = &lens.Number{Scale: 2}
	translator := mustNew(t, body.Definition{
		Legacy: format.Config{Name: format.NDJSON}, Service: format.Config{Name: format.JSON},
		Lens: lens.Definition{Fields: []lens.Field{total}, Unknown: dropping},
	})
	for name, c := range map[string]struct {
		way     body.Direction
		bad     string
		pointer string
		in      func(good []string) string
	}{
		"a value":        {bad: `{"TOT":"x"}`, pointer: "/17/TOT"},
		"syntax":         {bad: `{"TOT":`, pointer: "/17/TOT"},
		"the other side": {way: body.ToLegacy, bad: `{"total":"x"}`, pointer: "/17/total"},
	} {
		t.Run(name, func(t *testing.T) {
			good, sep, begin, end := `{"TOT":"1"}`, "\n", "", "\n"
			if c.way == body.ToLegacy {
				good, sep, begin, end = `{"total":0.01}`, ",", "[", "]"
			}
			records := make([]string, 20)
			for i := range records {
				records[i] = good
			}
			records[17] = c.bad
			in := begin + strings.Join(records, sep) + end
			check := func(how string, err error) {
				var at *document.Error
				if !errors.As(err, &at) || at.Pointer != c.pointer {
					t.Errorf("%s: %v, want an error at %s", how, err, c.pointer)
				}
			}
			_, err := translator.Translate(t.Context(), c.way, []byte(in), "")
			check("at once", err)
			s := translator.Stream(t.Context(), c.way, strings.NewReader(in), "")
			defer s.Close()
			got, err := io.ReadAll(s)
			check("as a stream", err)
			if n := bytes.Count(got, []byte("{")); n != 17 {
				t.Errorf("%d records were read before the error, want 17", n)
			}
		})
	}
}

func TestStreamPassesSourceErrors(t *testing.T) {
	translator := mustNew(t, body.Definition{Legacy: format.Config{Name: format.NDJSON}, Service: format.Config{Name: format.JSON}})
	broken := errors.New("connection reset")
	s := translator.Stream(t.Context(), body.ToService, io.MultiReader(strings.NewReader("{}\n{"), iotest.ErrReader(broken)), "")
	defer s.Close()
	_, err := io.ReadAll(s)
	var at *document.Error
	if !errors.Is(err, broken) || errors.As(err, &at) {
		t.Errorf("%v (%[1]T), want the source's own error, which is no record's fault", err)
	}
}

// TestStreamDoesNotWait has a source that pauses: what it said so far can be read.
func TestStreamDoesNotWait(t *testing.T) {
	translator := mustNew(t, body.Definition{Legacy: format.Config{Name: format.NDJSON}, Service: format.Config{Name: format.NDJSON}})
	source, feed := io.Pipe()
	s := translator.Stream(t.Context(), body.ToService, source, "")
	defer s.Close()
	buf := make([]byte, 100)
	for i := range 3 {
		line := fmt.Sprintf("{\"n\":%d}\n", i)
		go func() { _, _ = io.WriteString(feed, line) }()
		n, err := io.ReadFull(s, buf[:len(line)])
		if err != nil || string(buf[:n]) != line {
			t.Fatalf("%q, %v, want %q before the next is there", buf[:n], err, line)
		}
	}
	feed.Close()
	if rest, err := io.ReadAll(s); len(rest) > 0 || err != nil {
		t.Errorf("%q, %v behind the end", rest, err)
	}
}

// TestStreamIsClosed leaves one in the middle; goleak says what stays behind.
func TestStreamIsClosed(t *testing.T) {
	translator := mustNew(t, body.Definition{Legacy: format.Config{Name: format.NDJSON}, Service: format.Config{Name: format.JSON}})
	for name, read := range map[string]int{"never read": 0, "read in part": 1} {
		s := translator.Stream(t.Context(), body.ToService, strings.NewReader(strings.Repeat("{\"a\":1}\n", 100000)), "")
		if _, err := io.ReadFull(s, make([]byte, read)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if n, err := s.Read(make([]byte, 10)); n != 0 || err == nil || err == io.EOF {
			t.Errorf("%s: %d, %v from a closed one", name, n, err)
		}
	}
}

// TestStreamIsClosedWhileRead closes one of which a Read waits for the source, as HTTP/2 does.
func TestStreamIsClosedWhileRead(t *testing.T) {
	translator := mustNew(t, body.Definition{Legacy: format.Config{Name: format.NDJSON}, Service: format.Config{Name: format.JSON}})
	for name, end := range map[string]func(*io.PipeWriter){
		"the source ends":       func(feed *io.PipeWriter) { feed.Close() },
		"the source has a cut":  func(feed *io.PipeWriter) { feed.CloseWithError(io.ErrUnexpectedEOF) },
		"the source says more":  func(feed *io.PipeWriter) { _, _ = io.WriteString(feed, "{\"n\":2}\n"); feed.Close() },
		"the source never ends": func(feed *io.PipeWriter) { _, _ = io.Copy(feed, &endless{}) },
	} {
		t.Run(name, func(t *testing.T) {
			in, feed := io.Pipe()
			s := translator.Stream(t.Context(), body.ToService, in, "")
			waits := make(chan struct{})
			read := make(chan error)
			go func() {
				_, err := io.ReadFull(s, make([]byte, len(`[{"n":1}`)))
				if err == nil {
					close(waits)
					_, err = io.ReadAll(s)
				}
				read <- err
			}()
			_, _ = io.WriteString(feed, "{\"n\":1}\n")
			<-waits
			time.Sleep(10 * time.Millisecond) // until it waits indeed; shorter makes the test weaker only
			closed := make(chan error)
			go func() { closed <- s.Close() }()
			select {
			case err := <-closed:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(30 * time.Second):
				t.Error("Close waits for the source")
			}
			go end(feed)
			if err := <-read; err == nil || err == io.EOF {
				t.Errorf("what was cut off by Close ends with %v", err)
			}
			in.Close()
			if n, err := s.Read(make([]byte, 10)); n != 0 || err == nil || err == io.EOF {
				t.Errorf("%d, %v from a closed one", n, err)
			}
		})
	}
}

func TestRecordsRefuseOtherFormats(t *testing.T) {
	_, err := body.New(body.Definition{Legacy: format.Config{Name: format.XML, Root: "a"}, Service: format.Config{Name: format.JSON}, Records: true}, lens.Set{})
	if err == nil || !strings.Contains(err.Error(), "lists of records") {
		t.Errorf("XML as records: %v", err)
	}
}

func TestRecordIsBounded(t *testing.T) {
	translator := mustNew(t, body.Definition{Legacy: format.Config{Name: format.NDJSON}, Service: format.Config{Name: format.NDJSON}})
	s := translator.Stream(t.Context(), body.ToService, io.MultiReader(strings.NewReader(`{"a":"`), &endless{}), "")
	defer s.Close()
	if _, err := io.Copy(io.Discard, s); err == nil {
		t.Error("a record without an end is read")
	}
}

type endless struct{}

func (*endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestMemory streams 100 MB in less than 64 MiB; without -soak it is less, and so is the bound.
func TestMemory(t *testing.T) {
	size, most := int64(8<<20), uint64(8<<20)
	if *soak {
		size, most = 100e6, 64<<20
	}
	for name, way := range map[string]body.Direction{"CSV to JSON": body.ToService, "JSON to CSV": body.ToLegacy} {
		t.Run(name, func(t *testing.T) {
			translator := mustNew(t, body.Definition{
				Legacy:  format.Config{Name: format.CSV, Header: true},
				Service: format.Config{Name: format.JSON}, Lens: recordLens(true),
			})
			in := io.Reader(&repeating{head: "A,B\n", record: strings.Repeat("x", 90) + ",12345678\n", left: size})
			if way == body.ToLegacy {
				in = &repeating{head: `[{"a":"x","b":"1"}`, record: `,{"a":"` + strings.Repeat("x", 80) + `","b":"12"}`, tail: "]", left: size}
			}
			s := translator.Stream(t.Context(), way, in, "")
			defer s.Close()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			before, peak := m.HeapInuse+m.StackInuse, uint64(0)
			buf, total, looked := make([]byte, 32<<10), int64(0), int64(0)
			for {
				n, err := s.Read(buf)
				if total += int64(n); total-looked > 1<<20 {
					looked = total
					runtime.ReadMemStats(&m)
					peak = max(peak, m.HeapInuse+m.StackInuse)
				}
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if total < size*8/10 {
				t.Errorf("%d bytes became %d", size, total)
			}
			if used := peak - min(peak, before); used > most {
				t.Errorf("%d bytes were translated in %d bytes of memory, want at most %d", size, used, most)
			} else {
				t.Logf("%d bytes in %d bytes of memory", size, used)
			}
		})
	}
}

// repeating is a body of one record again and again.
type repeating struct {
	head, record, tail string
	left               int64
	part               string
	begun, ended       bool
}

// Read implements io.Reader.
func (r *repeating) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if r.part == "" {
			switch {
			case !r.begun:
				r.begun, r.part = true, r.head
			case r.left > 0:
				r.part = r.record
				r.left -= int64(len(r.record))
			case !r.ended:
				r.ended, r.part = true, r.tail
			case n == 0:
				return 0, io.EOF
			default:
				return n, nil
			}
		}
		m := copy(p[n:], r.part)
		r.part = r.part[m:]
		n += m
	}
	return n, nil
}
