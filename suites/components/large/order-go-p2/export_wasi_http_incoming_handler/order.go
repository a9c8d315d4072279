// Package export_wasi_http_incoming_handler is the guest `order-go-p2`: it adds up the order that is
// posted to `/order`, through wasi:http 0.2. The bindings look for it by this name.
//
// The suite `languages` asks guests in several languages for the same; this one is Go's. `GET /`
// answers `hello`. Nothing is kept from one request to the next.
package export_wasi_http_incoming_handler

import (
	"encoding/json"

	wit "go.bytecodealliance.org/pkg/wit/types"
	http "wit_component/wasi_http_types"
)

// The largest piece read at once.
const chunkBytes = 64 * 1024

type order struct {
	Lines []line `json:"lines"`
}

// Pointers tell what is missing from what is nothing.
type line struct {
	Name  *string `json:"name"`
	Cents *uint64 `json:"cents"`
	Count *uint64 `json:"count"`
}

type sum struct {
	Lines   int    `json:"lines"`
	Units   uint64 `json:"units"`
	Cents   uint64 `json:"cents"`
	Dearest string `json:"dearest"`
}

// Handle answers one request. It panics on what only a host that breaks the contract of wasi:http can
// refuse; the trap then fails the request, which the benchmark counts as an error.
func Handle(request *http.IncomingRequest, out *http.ResponseOutparam) {
	path := request.PathWithQuery().SomeOr("")
	switch method := request.Method().Tag(); {
	case method == http.MethodGet && path == "/":
		answer(out, 200, "text/plain", []byte("hello"))
	case method == http.MethodPost && path == "/order":
		if body := addUp(read(request)); body != nil {
			answer(out, 200, "application/json", body)
		} else {
			answer(out, 400, "text/plain", []byte("not an order"))
		}
	default:
		answer(out, 404, "text/plain", []byte("not found"))
	}
	request.Drop()
}

// addUp returns the sum of an order as JSON, or nil if it is none.
func addUp(body []byte) []byte {
	var given order
	if json.Unmarshal(body, &given) != nil || len(given.Lines) == 0 {
		return nil
	}
	total, highest := sum{Lines: len(given.Lines)}, uint64(0)
	for index, line := range given.Lines {
		if line.Name == nil || line.Cents == nil || line.Count == nil {
			return nil
		}
		// The dearest is the first of those with the highest price.
		if index == 0 || *line.Cents > highest {
			highest, total.Dearest = *line.Cents, *line.Name
		}
		total.Units += *line.Count
		total.Cents += *line.Cents * *line.Count
	}
	encoded, err := json.Marshal(total)
	if err != nil {
		return nil
	}
	return encoded
}

// read returns the whole body; of one that breaks off, what came, which is no order then.
func read(request *http.IncomingRequest) []byte {
	body := request.Consume().Ok()
	stream := body.Stream().Ok()
	var bytes []byte
	for {
		chunk := stream.BlockingRead(chunkBytes)
		if chunk.IsErr() {
			break
		}
		bytes = append(bytes, chunk.Ok()...)
	}
	stream.Drop()
	body.Drop()
	return bytes
}

func answer(out *http.ResponseOutparam, status uint16, contentType string, body []byte) {
	header := wit.Tuple2[string, []byte]{F0: "content-type", F1: []byte(contentType)}
	headers := http.FieldsFromList([]wit.Tuple2[string, []byte]{header}).Ok()
	response := http.MakeOutgoingResponse(headers)
	response.SetStatusCode(status).Ok()
	outgoing := response.Body().Ok()
	http.ResponseOutparamSet(out, wit.Ok[*http.OutgoingResponse, http.ErrorCode](response))

	stream := outgoing.Write().Ok()
	stream.BlockingWriteAndFlush(body).Ok()
	// The stream is a child of the body and must be gone before the body is finished.
	stream.Drop()
	http.OutgoingBodyFinish(outgoing, wit.None[*http.Fields]()).Ok()
}
