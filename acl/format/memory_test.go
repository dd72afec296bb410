package format

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// allocated returns how many bytes f allocates, which is at least what it ever holds.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestMemory holds that a body takes at most ten times its size, itself included, whoever wrote it.
func TestMemory(t *testing.T) {
	const size = 1 << 20
	repeat := func(s string) string { return strings.Repeat(s, size/len(s)) }
	var distinct strings.Builder
	distinct.WriteString("{")
	for i := 0; distinct.Len() < size; i++ {
		distinct.WriteString(`"` + string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676%26)) + string(rune('a'+i/17576)) + `":0,`)
	}
	wide := []Column{}
	for i := range 50 {
		wide = append(wide, Column{Name: strings.Repeat("x", i+1)})
	}
	lines := make([]Column, len(wide))
	for i, c := range wide {
		lines[i] = Column{Name: c.Name, Width: 1}
	}
	var head strings.Builder
	for i := range 4096 {
		fmt.Fprintf(&head, "%x,", i)
	}
	const part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n"
	for _, test := range []struct {
		name        string
		config      Config
		contentType string
		body        string
	}{
		{"numbers", Config{Name: JSON}, "", "[" + repeat("0,") + "0]"},
		{"numbers that never end", Config{Name: JSON}, "", "[" + repeat("0,")},
		{"depth", Config{Name: JSON}, "", repeat("[")},
		{"empty objects", Config{Name: JSON}, "", "[" + repeat("{},") + "{}]"},
		{"objects without commas", Config{Name: JSON}, "", "[" + repeat("{}{}") + "]"},
		{"depth again and again", Config{Name: JSON}, "", "[" + repeat(strings.Repeat("[", 500)+strings.Repeat("]", 500)+",") + "0]"},
		{"small objects", Config{Name: JSON}, "", "[" + repeat(`{"":0},`) + "0]"},
		{"many names", Config{Name: JSON}, "", strings.TrimSuffix(distinct.String(), ",") + "}"},
		{"escapes", Config{Name: JSON}, "", `"` + repeat(`\u0041`) + `"`},
		{"commas in a text", Config{Name: JSON}, "", `"` + repeat(`,`) + `"`},
		{"colons in a text", Config{Name: JSON}, "", `"` + repeat(`{:`) + `"`},
		{"lines", Config{Name: NDJSON}, "", repeat("0\n")},
		{"empty lines", Config{Name: NDJSON}, "", repeat("\n")},
		{"names", Config{Name: Form}, "", repeat("&a")},
		{"equals", Config{Name: Form}, "", repeat("=&")},
		{"ampersands", Config{Name: Form}, "", repeat("&")},
		{"escaped ampersands", Config{Name: Form}, "", repeat("%26")},
		{"names in another set", Config{Name: Form, Charset: "windows-1252"}, "", repeat("&\x80")},
		{"euros", Config{Name: Form, Charset: "windows-1252"}, "", "a=" + repeat("\x80")},
		{"empty cells", Config{Name: CSV, Columns: wide}, "", repeat(strings.Repeat(",", 49) + "\n")},
		{"empty cells of a header", Config{Name: CSV, Header: true}, "", "a,b,c\n" + repeat(",,\n")},
		{"nothing but a header", Config{Name: CSV, Header: true}, "", strings.TrimSuffix(head.String(), ",")},
		{"nothing but commas", Config{Name: CSV, Header: true}, "", repeat(",")},
		{"commas in a cell", Config{Name: CSV, Header: true}, "", "a\n\"" + repeat(",") + "\""},
		{"a quote that never closes", Config{Name: CSV, Header: true}, "", "a\n\"" + repeat("\n")},
		{"euros in cells", Config{Name: CSV, Header: true, Charset: "windows-1252"}, "", "a,b,c\n" + repeat("\x80,\x80,\x80\n")},
		{"short lines", Config{Name: FixedWidth, Columns: lines}, "", repeat("x\n")},
		{"cells of one character", Config{Name: FixedWidth, Columns: lines}, "", repeat(strings.Repeat("x", 50) + "\n")},
		{"parts", Config{Name: Multipart}, "multipart/form-data; boundary=b", strings.Repeat(part, 9000) + "--b--"},
		{"parts in quoted-printable", Config{Name: Multipart}, "multipart/form-data; boundary=b", strings.Repeat(strings.Replace(part, "\r\n\r\n", "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", 1), 9000) + "--b--"},
		{"too many parts", Config{Name: Multipart}, "multipart/form-data; boundary=b", repeat(part) + "--b--"},
		{"delimiters", Config{Name: Multipart}, "multipart/form-data; boundary=b", repeat("\n--b")},
		{"a long header", Config{Name: Multipart}, "multipart/form-data; boundary=b", "--b\r\n" + repeat("a:\n") + "\n--b--"},
		{"a file of bytes", Config{Name: Multipart}, "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=a; filename=x\r\n\r\n" + repeat("\x00") + "\r\n--b--"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := mustNew(t, test.config)
			body := []byte(test.body)
			var err error
			took := allocated(func() { _, err = f.Decode(body, test.contentType) }) + uint64(len(body))
			t.Logf("%.1f times, %v", float64(took)/float64(len(body)), err)
			if limit := uint64(10*len(body) + 512<<10); took > limit {
				t.Errorf("a body of %d bytes takes %d, %.1f times as much", len(body), took, float64(took)/float64(len(body)))
			}
		})
	}
}

// repeated is an io.Reader of begin, then s many times, then end.
type repeated struct {
	begin, s, end string
	times         int
	rest          string
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		switch {
		case r.begin != "":
			r.rest, r.begin = r.begin, ""
		case r.times > 0:
			n := min(r.times, 64)
			r.rest = strings.Repeat(r.s, n)
			r.times -= n
		case r.end != "":
			r.rest, r.end = r.end, ""
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

// watched is an io.Reader that looks at the heap once a megabyte, whether records come of that or not.
type watched struct {
	io.Reader
	read, next int
	peak       uint64
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if w.read += n; w.read >= w.next || err != nil {
		w.next = w.read + 1<<20
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		w.peak = max(w.peak, m.HeapAlloc)
	}
	return n, err
}

// TestStreams reads and writes 100 MB of a JSON array, and less of the others, and holds that the
// heap stays small.
func TestStreams(t *testing.T) {
	record := `{"id":12345,"name":"` + strings.Repeat("some text ", 20) + `","tags":["a","b",{"c":null}]}`
	text := strings.Repeat("some text ", 20)
	for _, test := range []struct {
		name            string
		config          Config
		begin, one, end string
		each            int // records in each one
	}{
		{"json", Config{Name: JSON}, "[" + record, " , \n" + record, "]", 1},
		{"ndjson", Config{Name: NDJSON}, "", record + "\n", "", 1},
		{"csv", Config{Name: CSV, Header: true}, "id,name,x\n", "12345,\"" + text + "\"\"\"," + text + "\n", "", 1},
		{"csv in another set", Config{Name: CSV, Charset: "windows-1252", Header: true}, "id,name,x\n", "12345,\x80" + text + "," + text + "\n", "", 1},
		{"fixed width", Config{Name: FixedWidth, Columns: []Column{{Name: "id", Width: 10}, {Name: "name", Width: 200}}}, "", "12345     " + text + "\n", "", 1},
		{"space", Config{Name: JSON}, "[" + record, strings.Repeat(" ", 100), "]", 0},
		{"space in front", Config{Name: JSON}, "", strings.Repeat("\n", 100), "[" + record + "]", 0},
		{"empty lines", Config{Name: NDJSON}, record, strings.Repeat("\n", 100), "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := mustNew(t, test.config).(Records)
			size := 20_000_000
			if test.name == "json" {
				size = 100_000_000
			}
			times := size / len(test.one)
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			base := m.HeapAlloc
			body := &watched{Reader: &repeated{begin: test.begin, s: test.one, end: test.end, times: times}}
			r := f.Read(body, "", 0)
			w := f.Write(io.Discard)
			n := 0
			for ; ; n++ {
				d, err := r.Next()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Write(d.Root()); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			want := test.each * times
			if strings.Contains(test.begin+test.end, record) {
				want++
			}
			if n != want {
				t.Errorf("%d records, want %d", n, want)
			}
			if body.read < size/2 || body.peak == 0 || body.peak > base+32<<20 {
				t.Errorf("%d bytes were read, and the heap grew from %d to %d", body.read, base, body.peak)
			}
		})
	}
}

func BenchmarkJSONRecords(b *testing.B) {
	f := mustNew(b, Config{Name: JSON}).(Records)
	body := "[" + strings.Repeat(string(twoKB())+",", 500) + "0]"
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		r := f.Read(bytes.NewReader([]byte(body)), "", 0)
		for {
			if _, err := r.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}

// TestRepeatsToJSON holds that names that repeat are brought together in a time and memory that
// grow as the body does.
func TestRepeatsToJSON(t *testing.T) {
	var body strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&body, "n%x=&n%x=&", i%50_000, i)
	}
	d, err := mustNew(t, Config{Name: Form}).Decode([]byte(body.String()), "")
	if err != nil {
		t.Fatal(err)
	}
	f := mustNew(t, Config{Name: JSON})
	took := allocated(func() { _, err = f.Append(make([]byte, 0, 4*body.Len()), d.Root()) })
	if err != nil {
		t.Fatal(err)
	}
	if took > uint64(20*body.Len()) {
		t.Errorf("a body of %d bytes takes %d to be written", body.Len(), took)
	}
}
