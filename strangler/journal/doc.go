// Package journal keeps the history of routes, append-only in SQLite; what stands now and what
// stood then are both folds of it.
//
// The configuration says what routes exist and where they start; the journal says where each
// stands. [Journal.Reconcile] brings the two together, [Journal.Move] moves routes. A change is
// one transaction: its entries are on the disk (synchronous=FULL) before the call returns, and
// either all of them are or none.
//
// # What an entry says
//
//   - seen: a route of that name came into the configuration, and begins where it starts. So
//     does a name that was removed and comes back, except that its version goes on growing, so
//     that a version names one state of one name for ever.
//   - changed: the definition is another; the route stands where it stood.
//   - moved: the route stands elsewhere.
//   - ruled: the route has other rules beside those of its definition; it stands where it stood.
//   - steered: what moves the route by itself was told something; it stands where it stood.
//   - removed: the configuration has no such route any more.
//   - frozen, thawed: of no route but of all; whoever moves routes by itself promotes none until
//     then, or does again.
//
// # Undo
//
// Undo is an editor's. From a → b → c it goes to b, then to a; a new move after an undo becomes
// the newest step, and what was taken back before can't be had again. An undo is itself a move
// in the journal, but never a step to be undone: there is no redo, a shift does that.
//
// It is asked for by route and takes back the change that made the newest step of that route,
// for those routes of its unit (as the definitions have it now) that moved in that change and
// for which it still is the newest step. A change may have moved far more, as a rollback of
// everything does: routes outside the unit stay where they are, as whoever puts one route
// right says nothing about the others. A route of the unit that never moved and stands beside
// the one asked for, as one does that joined the unit later, comes along. Routes of the unit
// that can't, because they moved since or had no part in the change, stay and are named in
// [Step.Left].
//
// # Time
//
// Entries get the clock's time, but each change a later one than the change before it, if only
// by a microsecond: after the clock was set back, time stands still until it has caught up.
// Otherwise [Journal.At] would have two answers for one moment.
//
// # What is on the disk
//
// One table without updates or deletes; triggers hold that against everybody who opens the
// file.
//
// Each entry carries a hash that [Journal.Verify] computes anew: the SHA-256 of the hash of the
// entry before it (32 bytes, zeros before the first) and then of the entry's columns in the order
// of the table, the hash itself left out, each as "-" (null), "i" and the number in decimal, or
// "t", the text's length in bytes, ":" and the text; and ";" behind each. It shows that an entry
// was changed, is gone or was put in between. Who can write the file can also write a whole chain
// anew, or cut it: that shows where its head, the last entry's hash, was kept elsewhere.
package journal
