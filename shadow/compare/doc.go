// Package compare finds where two answers differ: two answers and rules in, differences out. It
// is pure: no I/O, no clock, no state.
//
// What is cheap to know is asked first:
//
//  1. A legacy status 206, 304, 412 or 416 can't be compared: it depends on what the client
//     holds (skipped, conditional).
//  2. The status, then the headers: by default the media type, Location, Cache-Control and the
//     names and attributes of the cookies set; then how a gRPC call ended. ETag and Last-Modified
//     are not compared by default. Answers of different status classes, 200 and 404 say, have
//     nothing in common, nor have gRPC calls of which one succeeded: their bodies are not
//     compared, unless the status is ignored.
//  3. A body of which only size and hash are known is the same if both are (else skipped, too
//     large).
//  4. Equal bytes are equal, whatever they are.
//  5. gzip, br, zstd and deflate are undone. A body that isn't what it claims to be is a
//     difference of kind encoding; another Content-Encoding alone is none, since it is
//     negotiated for each answer. Then again: equal bytes are equal.
//  6. If one side says that it is JSON, or neither says anything, and both are: as JSON.
//  7. Else as legacy's media type has it, or the service's where legacy has none, if both bodies
//     are that. Texts are decoded from their charsets first, and then again: equal bytes are equal.
//  8. Else by bytes: one difference of kind body, with an excerpt or with type, length and hash.
//
// Where the head differs, a body that can't be compared doesn't hide it: the head's differences
// are returned.
//
// # JSON
//
// Numbers are compared exactly: 1, 1.0 and 1e0 are the same, as are 0 and -0; 9007199254740993
// and 9007199254740992 are not. The order of members doesn't matter, that of elements does:
// arrays with the same elements in another order are one difference of kind order. Arrays of
// another length are one of kind length, and then element by element between what they begin and
// end with in common. A text with a name twice in an object, a lone surrogate or invalid UTF-8
// is read differently by different readers (RFC 8259, sections 4 and 8), as is one with a byte
// order mark: it is compared by bytes, and the difference says so.
//
// Objects whose keys are ids or dates, or that have more members than anybody would have named,
// are maps (maps.go): their keys are * in patterns. Pointers stay exact.
//
// # What is no JSON
//
// XML, HTML, forms and protobuf are written as JSON with which they have places in common, and
// compared as that is, under the same rules: shape.go says what differs. What a document may
// have several times of a name, elements, fields, is a list everywhere; pointers have no index where
// there is one on both sides, and rules needn't have one. An element is an object
// (markup.go), whose text has the element's own pointer; the order of its children and texts is
// compared after what they are, one difference of kind order. Lines of JSON are the elements of an
// array; lines of texts are compared as diff does, which is not by structure.
//
// Protobuf's wire format doesn't say what is a message and what a text, or a float: it is shown as
// what it looks like. What the same value is written as doesn't matter, what type it has on the wire
// does. Of gRPC's messages those that are compressed as Grpc-Encoding says are decompressed.
//
// # Rules
//
// A rule's pointer names places; what it says of an array it says of each array that the
// pointer names.
//
//   - ignore: what lies there, and below, never differs, even if one side lacks it. The length
//     of an array whose elements are ignored (/items/*) still counts.
//   - only: nothing else is compared, not even the status. ignore takes from what only names.
//   - unordered: the array's elements are compared as a multiset.
//   - keyed: its elements are paired by a member: of several with the same key the first with
//     the first, and so are those that lack it. A difference is named by legacy's index, or by
//     the service's where legacy has no such element.
//   - tolerance: numbers there may be that far apart, the bound included, in exact decimals.
//
// A rule may also name a header, one cookie of Set-Cookie, a trailer, or by css:SELECTOR elements of
// a page: only compares their texts, and ignore takes them out.
//
// Below an array that is unordered or keyed, an index in a pointer is matched by * only.
//
// # Causes
//
// [Guess] says what may have caused a difference where the two values tell it: a factor of 100, a
// time zone, case, an escape too many, a charset. It looks at one difference at a time and knows
// nothing of the rest.
//
// # Suggestions
//
// [Suggest] looks for arrays in another order or of another length, and says under which rule
// their elements would be paired: keyed by a member that each element of both sides has with
// another value (identity.go), or unordered. It changes no verdict.
//
// # Speed
//
// Two answers of 10 KB each that differ in one value, from bytes to differences; medians of eleven
// rounds on two cores shared with others, which single rounds show
// (bench_test.go). TestSpeed holds five times go-cmp's speed.
//
//	                                           time     memory   allocations
//	equal bytes                              0.4 µs        0 B             0
//	this package                              74 µs     0.9 kB             8
//	this package, with other blanks           99 µs     0.9 kB             8
//	this package, keyed                      103 µs     9.7 kB            26
//	wI2L/jsondiff                            570 µs     160 kB         4,079
//	encoding/json, reflect.DeepEqual         737 µs     265 kB         4,946
//	encoding/json, go-cmp's Equal          2,588 µs     536 kB        12,788
//	encoding/json, r3labs/diff             4,456 µs   1,248 kB        39,020
//	encoding/json, go-cmp's Diff           5,749 µs   1,318 kB        26,220
//
// # Limits
//
// A comparison ends at [MaxDifferences]. Values are cut at 1 KiB, pointers at 2 KiB. Bodies over
// 16 MiB (decoded), 262,144 values, a depth of 1,000, or some four million steps of work are
// skipped as too complex, unless a difference was found by then. So are
//
//   - XML over 131,072 elements, attributes and texts, or 499 levels
//   - HTML over 4 MiB, 131,072 tokens and attributes, or 499 levels, or whose formatting elements
//     aren't closed
//   - forms over 2 MiB, 131,072 fields or 16,384 parts
//   - messages over 2 MiB, 131,072 fields or 100 levels
//   - texts over 262,144 lines
package compare
