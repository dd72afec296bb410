// Package document is the neutral form of a body: what a JSON text, an XML element, a form or a
// record of a file become before they are translated, and what they are written from afterwards.
//
// A [Document] is a tree of objects, arrays, texts, numbers, booleans and nulls. Members keep
// their order, numbers are the digits that were written, and a name may stand in an object more
// than once where a format repeats names instead of having arrays (XML, forms): see
// [Document.Repeats].
//
// It is kept flat, as one text and one list of nodes of 8 bytes each, for two reasons: a
// translation has few allocations, and the tree of a body takes a small multiple of the body,
// whoever wrote it. A document is built once, with a [Builder], and is safe for concurrent
// reading from then on.
package document
