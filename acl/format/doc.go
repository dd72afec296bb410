// Package format reads bodies into documents and writes documents as bodies: JSON, NDJSON, XML,
// SOAP, forms, multipart forms, CSV and records of fixed width, in UTF-8 or in one of the character
// sets that legacy applications use. README.md tells what each becomes as a document.
//
// [New] makes a [Format] of a [Config]. Those whose bodies are lists of records are [Records] as
// well, which hold one record at a time.
//
// Reading is strict, since a body that is understood in two ways is translated into a third: what
// isn't sure to be understood is an error with its place (a *document.Error). So is writing what
// a format has no form for. Numbers stay the digits that they were.
//
// Bodies come from strangers. No body makes a Format panic, or take more than ten times its size
// in memory besides some constant half megabyte: nodes are counted before they are made, texts
// stay where they are in the body, and what would take more is refused.
package format
