package tabular

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// direct are headers of direct identifiers, by what they are.
var direct = map[string][]string{
	"a person's name": {"name", "Name", "NAME", "first name", "FirstName", "first_name", "firstname", "LASTNAME", "surname", "Full Name", "given_name",
		"nombre", "Nombres", "nombre_completo", "NOMBRECOMPLETO", "Primer Nombre", "nombre de la víctima", "apellido", "Apellido paterno", "apellidos",
		"prénom", "PRÉNOM", "prenom", "nom", "Nom de famille", "nome", "nome completo", "sobrenome", "alias", "apodo", "iniciales", "victimName", "nameOfVictim",
		"contact name agency", "mother's name", "noms des victimes", "nom de l'enfant", "nombres de las víctimas", "nombre y apellidos", "nombre2", "name_1"},
	"a telephone number": {"phone", "Phone Number", "phoneNumber", "phone2", "teléfono", "telefono_casa", "Tel", "tel.", "celular", "cell phone", "mobile", "móvil",
		"telemóvel", "telefone", "téléphone", "WhatsApp", "número de contacto", "HomePhone"},
	"an e-mail address": {"email", "e-mail", "E_Mail", "eMail", "correo", "correo electrónico", "courriel", "mail", "emailAddress"},
	"a date of birth": {"dob", "DOB", "birthdate", "birth_date", "date of birth", "dateOfBirth", "birthday", "fecha_nacimiento", "fecha de nacimiento",
		"FechaNacimiento", "FECHANACIMIENTO", "fechaNac", "fec_nac", "data de nascimento", "dt_nasc", "date de naissance", "nacimiento"},
	"an address or exact place": {"address", "Address 1", "home address", "dirección", "direccion_actual", "domicilio", "adresse", "endereço", "street", "calle",
		"código postal", "mailing address", "Mailing City", "address, city, state", "postcode", "zip", "latitude", "lng", "GPS", "coordenadas"},
	"a document number": {"documento", "Documento", "num_documento", "número de documento", "document number", "doc", "dui", "DUI", "DPI", "cédula", "curp", "pasaporte",
		"passport", "passport_no", "passport number", "RG", "cpf", "dni", "ssn", "identity number", "IdentityNumber", "id_number", "numero_identidad",
		"soc_sec_id", "carte d'identité", "tipo y número de documento"},
	"an identifier of a person or case": {"id", "ID", "uuid", "victim_id", "Victim_ID", "idPersona", "id víctima", "case number", "case_id", "expediente", "folio",
		"código de víctima", "victim code", "code de la personne", "código da pessoa", "survivor ID", "N° expediente"},
	"free text": {"notes", "Case notes", "comentarios", "observaciones", "relato", "testimonio"},
}

// harmless are headers of case records that must not be refused.
var harmless = []string{"countryName", "country_name", "nombre_pais", "Nombre del país", "agency name", "nombre de la organización", "program_name", "column name",
	"typeOfExploitation", "tipo de explotación", "gender", "sexo", "género", "edad", "age", "ageBroad", "idade", "nationality", "nacionalidad", "citizenship",
	"country of birth", "país de nacimiento", "year of birth", "año de nacimiento", "pays de naissance", "lugar de nacimiento", "birth order",
	"tipo de documento", "documentType", "documentos retenidos", "withholdsDocuments", "documents withheld", "passport withheld", "pasaporte retenido",
	"tiene pasaporte", "undocumented", "document_status", "identidad de género", "gender identity", "sexual identity",
	"has phone", "tiene teléfono", "phone access", "mobile app", "mobility", "telephoning", "cellular", "situación de calle", "niños de la calle", "niño", "niños", "niñas", "street children",
	"email access", "addressed", "needs addressed", "redirection", "income>50K", "relationship", "marital-status", "education-num", "fnlwgt", "race", "workclass",
	"isForcedLabour", "meansOfControlThreatOfLawEnforce", "recruiterRelationFamily", "means", "noma", "nominal", "monitoring", "renombre", "idioma", "ideology", "country_id",
	"id_pais", "año", "mes", "year", "yearOfRegistration", "region", "municipio", "departamento", "state", "notified", "footnote count", "comment count", "getting in/out of bed",
	"nombre d'enfants", "nombre de victimes", "nombre de mois", "nombre del delito", "name of offence", "recruited by phone", "recruited by email",
	"captada por teléfono", "captado por correo", "recrutée par courriel", "aliciada por telefone", "contacted by phone", "Mailing State/Province",
	"edad al momento del delito", "grupo etario", "rango de edad", "tipo de víctima", "nacionalidad de la víctima", "país de captación", "modalidad",
	"medio de captación", "sector de actividad", "condición migratoria", "nivel educativo", "escolaridad", "estado civil", "pueblo indígena", "lengua indígena",
	"discapacidad", "orientación sexual", "embarazo", "número de hijos", "ingresos", "duración en meses", "fecha de registro", "mes de ingreso",
	"fuente de derivación", "asistencia legal", "retorno voluntario", "denuncia", "sentencia", "fiscalía", "municipio de origen", "zona urbana",
	"relación con el tratante", "número de tratantes", "tipo de documento de viaje", "uso de redes sociales", "retención de documentos", "documentos falsos",
	"método de identificación", "fecha de identificación", "trabajo en calle", "residencia habitual", "ruta migratoria", "testigos", "hogar", "estrato",
	"age at registration", "country of destination", "region of residence", "recruiter relationship", "household size", "number of children", "first language",
	"mother tongue", "asylum status", "referral source", "services received", "case status", "case outcome", "case type", "record type", "victim type", "victim age",
	"victim gender", "number of victims", "passport confiscated", "documents confiscated", "restricts movement", "withholds wages", "monthly wage",
	"hours per week", "city of exploitation", "birth country", "first contact agency", "date of identification", "identified by", "identity documents withheld",
	"identification method", "initial interview", "sample weight", "country code", "admin1", "visa type", "id type", "name of country", "agency type",
	"tranche d'âge", "situation familiale", "niveau d'études", "profession", "pays d'exploitation", "source d'orientation", "hébergement", "nom de la région",
	"faixa etária", "forma de exploração", "raça/cor", "unidade da federação", "número de filhos", "situação migratória", "deficiência", "abrigo", "dívida",
	"prs_Salutation", "prs_Title", "prs_MailingState", "prs_NumberOfChildren", "org_Name", "org_ShippingCity", "per_Organisation", "cas_CaseClosure", "hte_City",
	"hte_State", "hte_Date", "spl_Type", "cas_IncomingReferralDate", "vic_LocationOfRecruitment",
	"prs_Gender", "prs_Citizenship", "prs_MailingCountry", "vic_TypeOfExploitation", "vic_AgeWhenTrafficked", "hte_Country", "org_Type", "con_Consent", "cas_Status"}

func TestHeadersOfDirectIdentifiers(t *testing.T) {
	for want, headers := range direct {
		for _, h := range headers {
			if got := directIdentifier(h); got != want {
				t.Errorf("%q: %q, want %q", h, got, want)
			}
		}
	}
	for _, h := range harmless {
		if got := directIdentifier(h); got != "" {
			t.Errorf("%q is taken for %s", h, got)
		}
	}
	for _, id := range htcdsDirect {
		if directIdentifier(id) == "" || directIdentifier(strings.ToLower(id)) == "" {
			t.Errorf("HTCDS %s is not known", id)
		}
	}
}

// TestHeadersOfRealFilesPass: none of the columns of the real files is refused.
func TestHeadersOfRealFilesPass(t *testing.T) {
	for _, name := range []string{"ctdc/global_synthetic_2021.csv", "dp/adult.csv", "dp/hd_nltcs.csv", "dp/arx/adult.csv"} {
		t.Run(name, func(t *testing.T) {
			line, _, _ := bytes.Cut(realFile(t, name), []byte("\n"))
			for h := range strings.FieldsFuncSeq(strings.TrimSpace(string(line)), func(r rune) bool { return r == ',' || r == ';' }) {
				if got := directIdentifier(h); got != "" {
					t.Errorf("%q is taken for %s", h, got)
				}
			}
		})
	}
}

func TestHeaderWords(t *testing.T) {
	for header, want := range map[string]string{
		"fechaDeNacimiento":  "fecha nacimiento",
		"PrénomUsuel":        "prenom usuel",
		"HTTPServerName2":    "http server name 2",
		"número_de_teléfono": "numero telefono",
		"CASE-ID":            "case id",
		"nin\u0303o":         "nino", // an accent that stands apart
		"  ":                 "",
		"año":                "ano",
		"名前":                 "名前",
	} {
		if got := headerWords(header); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
	if len(accentedRunes) != len(plain) {
		t.Errorf("%d accented letters, %d plain", len(accentedRunes), len(plain))
	}
}
