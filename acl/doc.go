// Package acl is the anti-corruption layer: translators between the legacy model and the
// services', both ways, so that clients keep speaking the legacy contract while services speak
// their own and neither learns of the other (Evans, Domain-Driven Design, chapter 14).
//
// A [Translator] is two methods: a request on its way to the service, an answer on its way
// back. [JSON] makes one from two functions between two Go types, [Chain] puts several in a
// row, and [Transport] stands them around a http.RoundTripper, which is all that a proxy or a
// client needs to know.
//
// A [Facade] is the reverse of a Translator: services that need the legacy system call it through
// a [FacadeTransport], as if it had a clean API. Package exchange makes both from one definition.
//
// What can't be translated is never passed on half translated: the transport answers with an
// [*Error] instead, which a proxy turns into its fallback or into 502. Of a list that is larger
// than what is held, the rest is translated while it is read; a mistake there is an *Error of
// Body.Read, which ends the connection.
//
// A route without a translator has none of this around its transport, and so pays nothing for it.
package acl
