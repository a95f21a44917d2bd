// peer: the same job as smtp2sms, as a daemon that people would write today:
// AUTH PLAIN, a mail's text, one POST to the gateway for each mail, over
// connections that are kept.  One goroutine for each session, and no wall
// between them.  For bench/ alone; see contenders.py.
//
//	peer [-starttls | -smtps] [-cert file -key file] [-ca file] address url
package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"net/mail"
	"os"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

var (
	smtps    = flag.Bool("smtps", false, "TLS from the first octet on")
	starttls = flag.Bool("starttls", false, "STARTTLS")
	open     = flag.Bool("open", false, "no AUTH is needed")
	cert     = flag.String("cert", "", "certificate")
	key      = flag.String("key", "", "key")
	ca       = flag.String("ca", "", "CA of the gateway")
)

type backend struct {
	url    string
	client *http.Client
}

func (b *backend) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &session{backend: b, user: "bench", password: "wonderland",
		known: *open}, nil
}

type session struct {
	*backend
	user, password string
	known          bool
	to             []string
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		s.user, s.password, s.known = user, password, true
		return nil
	}), nil
}

func (s *session) Mail(string, *smtp.MailOptions) error {
	if !s.known {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	number, _, _ := strings.Cut(to, "@")
	s.to = append(s.to, number)
	return nil
}

func (s *session) Reset()        { s.to = nil }
func (s *session) Logout() error { return nil }

func (s *session) Data(r io.Reader) error {
	message, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(message.Body)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]any{
		"textMessage":  map[string]string{"text": string(text)},
		"phoneNumbers": s.to,
	})
	if err != nil {
		return err
	}
	return s.post(body)
}

func (s *session) post(body []byte) error {
	request, err := http.NewRequest("POST", s.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.SetBasicAuth(s.user, s.password)
	answer, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return errors.New(answer.Status)
	}
	return nil
}

func client() *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	if *ca != "" {
		pem, err := os.ReadFile(*ca)
		if err != nil {
			log.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
		transport.ForceAttemptHTTP2 = true
	}
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

func main() {
	flag.Parse()
	if flag.NArg() != 2 {
		log.Fatal("usage: peer [options] address url")
	}
	server := smtp.NewServer(&backend{url: flag.Arg(1), client: client()})
	server.Domain = "sms.test"
	server.AllowInsecureAuth = true
	if *starttls || *smtps {
		pair, err := tls.LoadX509KeyPair(*cert, *key)
		if err != nil {
			log.Fatal(err)
		}
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}}
	}
	listener, err := net.Listen("tcp", flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	if *smtps {
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	log.Fatal(server.Serve(listener))
}
