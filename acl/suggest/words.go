package suggest

import "strings"

// typeWords say what a value is rather than whose: they count for less.
var typeWords = set(`cd code dt date dat datum no nr num number nbr yn flg flag ind kz kennz cnt count anz anzahl
	amt amount betrag txt text str string nm name bez id key ts time at on is has val value ct cent cents eur
	lst list tab arr type typ`)

// meanings are what the abbreviations of field names stand for that dropping vowels doesn't
// unfold, and words of German systems, which are as common behind English services. Words of one
// line mean the same.
var meanings = synonyms(`
	number no nr num nbr nummer
	id identifier
	code cd
	date dt dat datum
	time tm zeit uhrzeit
	timestamp ts zeitstempel
	flag flg yn ind indicator kz kennz kennzeichen
	count cnt anz anzahl
	amount amt betrag
	quantity qty menge copies
	name nm bezeichnung bez
	title ttl titel
	customer cust kunde kd client
	order ord bestellung best auftrag
	line lin position pos item lines items
	list lst liste
	book bk
	author auth autor
	price prc preis
	cents ct cent
	category cat kategorie genre
	released release rls published
	page pages pg
	stock stk bestand
	status sts stat state zustand
	available avail verfügbar
	tax vat mwst ust steuer
	total tot sum summe gesamt
	balance bal saldo
	created crt create anlage angelegt erfasst
	updated upd update changed chg geändert änderung
	user usr benutzer
	description desc descr beschreibung
	address addr adr anschrift adresse
	street str strasse straße
	city town ort stadt
	postal postcode zip plz
	country land lkz ctry
	phone tel telephone telefon msisdn
	mobile mob handy
	email mail
	first vorname given fname
	last nachname surname family lname
	birth geburt geb born dob
	salutation anrede
	blocked gesperrt sperre locked lock
	active aktiv act enabled
	group grp gruppe
	company firma
	contact ansprechpartner ansprechp kontakt
	delivery lieferung lief shipping ship
	limit lim
	credit kredit
	payment zahlung zahl pay
	currency curr waehrung währung ccy
	language lang sprache
	policy police pol vertrag contract
	insured versicherter vers
	premium prm praemie prämie
	coverage cov deckung
	deductible ded selbstbehalt selbstbet
	start begin beginn from eff effective
	end ende until expiry exp expires to
	vehicle veh fahrzeug fzg
	claim clm schaden
	holder owner inhaber
	service svc srv
	device dev equip equipment
	tariff plan rate
	note comment remark rmk bemerkung
	version vers ver
	request req
	generated gen erz
	reference ref
	`)

func set(text string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(text) {
		m[w] = true
	}
	return m
}

// synonyms reads lines of words: each means the first of its line.
func synonyms(text string) map[string][]string {
	m := map[string][]string{}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		for _, w := range words {
			m[w] = append(m[w], words[0])
		}
	}
	return m
}
