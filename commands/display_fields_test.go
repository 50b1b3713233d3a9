package commands

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// The description of the displays' JSON in docs/json.md, from their types.

const jsonHead = `# The displays as JSON

Made from the displays' types by the tests; not to be edited. ` + "`go test ./commands -run TestJSONReference -update`" + ` writes it anew.

Every display prints indented JSON when ` + "`| json`" + ` follows it: one object, and a line feed. Names do not change; new ones may
come. A list that has nothing in it is ` + "`[]`" + `. If the command is refused, the line that says so is printed as it is. Addresses are
text, and empty text stands for none; times are as in RFC 3339.
`

// writeFields lists the fields of a type.
func writeFields(b *strings.Builder, typ reflect.Type, comments map[string]string, indent string) {
	for i := range typ.NumField() {
		f := typ.Field(i)
		name := f.Tag.Get("json")
		switch {
		case name == "-" || !f.IsExported():
			continue
		case f.Anonymous && name == "":
			writeFields(b, f.Type, comments, indent)
			continue
		}
		fmt.Fprintf(b, "%s- `%s`: %s", indent, name, jsonType(f.Type))
		if about := comments[typ.Name()+"."+f.Name]; about != "" {
			b.WriteString(" (" + about + ")")
		}
		b.WriteString("\n")
		if inner := objectOf(f.Type); inner != nil {
			writeFields(b, inner, comments, indent+"  ")
		}
	}
}

// objectOf returns the struct that a type is made of, or nil.
func objectOf(typ reflect.Type) reflect.Type {
	switch {
	case isText(typ):
		return nil
	case slices.Contains(collections, typ.Kind()):
		return objectOf(typ.Elem())
	case typ.Kind() == reflect.Struct:
		return typ
	}
	return nil
}

// jsonType names a type as JSON has it.
func jsonType(typ reflect.Type) string {
	switch {
	case typ == reflect.TypeFor[time.Time]():
		return "time"
	case isText(typ):
		return "text"
	}
	switch typ.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "text"
	case reflect.Struct:
		return "object"
	case reflect.Pointer:
		return jsonType(typ.Elem()) + " or null"
	case reflect.Slice, reflect.Array:
		return "list of " + jsonType(typ.Elem())
	case reflect.Map:
		return "object of " + jsonType(typ.Elem())
	}
	return "number"
}

// fieldComments returns what the source says of each field, by type and name.
func fieldComments(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	comments := map[string]string{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if spec, is := n.(*ast.TypeSpec); is {
				noteComments(comments, spec)
			}
			return true
		})
	}
	return comments
}

func noteComments(comments map[string]string, spec *ast.TypeSpec) {
	typ, is := spec.Type.(*ast.StructType)
	if !is {
		return
	}
	for _, f := range typ.Fields.List {
		for _, name := range f.Names {
			comments[spec.Name.Name+"."+name.Name] = strings.Join(strings.Fields(f.Comment.Text()), " ")
		}
	}
}
