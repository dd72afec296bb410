// Package roundtrip holds translators to their laws on real bodies: what goes there and comes back
// is what went. It is pure: bodies in, a report out.
//
// These are the laws of lenses, GetPut and PutGet in the words of Foster et al. (see package lens),
// as far as they can be seen from one side: back(there(x)) = x for every body x. Most
// translators break them knowingly, since legacy has fields that no service has a use for. So each
// difference is looked at twice: one that the definition says itself (a field that is dropped, a
// constant, a rounding) is known, and any other is a surprise.
package roundtrip
