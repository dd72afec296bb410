// Package suggest proposes how two models correspond from answers to the same requests: legacy's
// document and the service's, one pair or many. It is pure, and decides nothing: a person reads
// the [Proposal] with its reasons, corrects it and puts it into the configuration.
//
// Each path of legacy's documents is a column, with a value for each example, and so is each of
// the service's. For every two columns it is asked under which option of a field (package lens)
// the one's values become the other's: the same, in another notation, a hundred times as much,
// another code for the same. How much that says is counted in bits: an equal name of a person
// can't be chance, an equal 1 can; an example that doesn't fit counts against it; names that are
// alike once their abbreviations are unfolded count for it. The best matching of all columns is
// found as an assignment (Kuhn, "The Hungarian method", 1955), so that one likely pair doesn't
// take what another needs more. Pairs between which the evidence doesn't decide are told, never
// guessed. Last, each field is tried: the lens has to translate the examples.
package suggest
