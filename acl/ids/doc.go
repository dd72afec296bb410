// Package ids keeps tables of identifiers: which of legacy's is which of the services', both ways,
// in one SQLite file.
//
// A [Table] answers an unknown identifier in one of two ways, by side: it mints a counterpart and
// keeps the pair, or it refuses with an [*UnknownError]. Tables that were migrated come in by
// [Table.Import] and go out by [Table.Export], as CSV by [Table.ImportCSV] and [WriteCSV]. [Table.Find]
// looks without making.
//
// # What holds
//
// A pair is for ever: it is never changed and never taken away, which triggers hold against everybody
// who opens the file. One identifier never has two counterparts, nor do two share one, however many
// goroutines and processes ask and whenever one of them dies: a pair is looked for and made in one
// transaction that has the write lock from its beginning, unique indexes stand behind that, and a pair
// is on the disk (synchronous=FULL) before anybody is told of it.
//
// Identifiers are texts, compared byte by byte: 007 and 7 are two.
//
// # What grows
//
// Whoever may send identifiers can have pairs minted: one who asks for /customers/1, /customers/2 and so
// on fills the disk, as far as he is let. So a table holds at most [Config.Max] pairs; a full one answers
// as before for what it knows and refuses to mint with a [*FullError]. A pair takes about twice the
// length of its two identifiers and 30 bytes.
package ids
