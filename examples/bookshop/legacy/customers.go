package legacy

import (
	"encoding/xml"
	"io"
	"net/http"
)

// soapSpace is SOAP 1.1's namespace.
const soapSpace = "http://schemas.xmlsoap.org/soap/envelope/"

// customerRow is a customer as the endpoint answers, in the order of its schema.
type customerRow struct {
	XMLName xml.Name `xml:"urn:bookshop:customers GetCustomerResponse"`
	No      int64    `xml:"CUST_NO"`
	Name    string   `xml:"NM"`
	Status  string   `xml:"STS"`
	Since   string   `xml:"CRT_DT"`
	Balance int64    `xml:"BAL"` // cents
	Flags   int64    `xml:"FLAGS"`
	Address struct {
		Street string `xml:"STR"`
		Town   string `xml:"TWN"`
	} `xml:"ADDR"`
	Phone string `xml:"TEL"`
}

// fault has names without a namespace in it, as SOAP 1.1 wants.
type fault struct {
	XMLName xml.Name `xml:"soap:Fault"`
	Code    string   `xml:"faultcode"`
	Text    string   `xml:"faultstring"`
}

// customers is the SOAP endpoint of the till in the shop. It knows one operation.
func (s *Shop) customers(w http.ResponseWriter, r *http.Request) {
	var in struct {
		XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
		Body    struct {
			Get *struct {
				No int64 `xml:"urn:bookshop:customers CUST_NO"`
			} `xml:"urn:bookshop:customers GetCustomer"`
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
	}
	if err := xml.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&in); err != nil || in.Body.Get == nil {
		envelope(w, http.StatusInternalServerError, fault{Code: "soap:Client", Text: "BADREQ"})
		return
	}
	var c customerRow
	row := s.db.QueryRow(`SELECT CUST_NO, NM, STS_CD, CRT_DT, BAL, FLAGS, STR, TWN, TEL FROM CUST_MST WHERE CUST_NO = ?`, in.Body.Get.No)
	if err := row.Scan(&c.No, &c.Name, &c.Status, &c.Since, &c.Balance, &c.Flags, &c.Address.Street, &c.Address.Town, &c.Phone); err != nil {
		envelope(w, http.StatusInternalServerError, fault{Code: "soap:Client", Text: "NOTFOUND"})
		return
	}
	envelope(w, http.StatusOK, c)
}

// envelope answers with a body in a SOAP envelope.
func envelope(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	w.WriteHeader(status)
	io.WriteString(w, xml.Header+`<soap:Envelope xmlns:soap="`+soapSpace+`"><soap:Body>`)
	xml.NewEncoder(w).Encode(body)
	io.WriteString(w, `</soap:Body></soap:Envelope>`)
}
