// SPDX-License-Identifier: Apache-2.0

// Writes what Kubernetes' reader of YAML makes of each text of cases.txt: see README.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"sigs.k8s.io/yaml"
)

// Characters that no editor shows are written by name.
var unseen = strings.NewReplacer("<LS>", "\u2028", "<PS>", "\u2029", "<NEL>", "\u0085", "<CR>", "\r",
	"<BOM>", "\ufeff", "<NBSP>", "\u00a0", "<TAB>", "\t")

type Case struct {
	YAML string          `json:"yaml"`
	JSON json.RawMessage `json:"json,omitempty"` // left out where it is refused
}

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	cases := []Case{}
	for _, one := range strings.Split(string(text), "=====\n") {
		made := Case{YAML: unseen.Replace(one)}
		if found, err := yaml.YAMLToJSON([]byte(made.YAML)); err == nil {
			// jansson knows no NUL in keys; we refuse such a text.
			made.JSON = bytes.ReplaceAll(found, []byte(`\u0000`), []byte(`\ufffd`))
		}
		cases = append(cases, made)
	}
	for i, one := range cases {
		line, err := json.Marshal(one)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%s%s", map[bool]string{true: "[\n", false: ",\n"}[i == 0], line)
	}
	fmt.Println("\n]")
}
