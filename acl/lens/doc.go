// Package lens translates documents between the legacy model and a service's, in both directions
// from one definition. It is pure: documents in, documents out; only identifiers are looked up,
// in a [Table] that its user gives it.
//
// A definition is a list of fields. Each says which place of legacy's document corresponds to
// which of the service's, and how a value looks on either side; the way there is derived, and so
// is the way back. Together they are a lens in the sense of Foster, Greenwald, Moore, Pierce and
// Schmitt, "Combinators for bidirectional tree transformations" (ACM TOPLAS 29, 2007). Where a
// field can't be inverted, the definition has to say what happens, or [New] refuses it; what a
// definition loses, knowingly, is told by [Lens.Losses].
package lens
