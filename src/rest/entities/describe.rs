//! How entities are described: once, and from the description come the struct, the bytes in both formats, the
//! readers and the OpenAPI schema.

/// Lets entities be read as whole bodies.
macro_rules! readable {
    ($($entity:ty),+ $(,)?) => {$(
        impl $crate::rest::entities::entity::Readable for $entity {
            fn from_xml(
                bytes: &[u8],
                limits: &$crate::rest::entities::Limits,
            ) -> Result<Self, $crate::rest::entities::BadBody> {
                use $crate::rest::entities::entity::{read_document, read_root};
                read_document(bytes, limits, read_root::<Self>)
            }

            fn from_json(
                bytes: &[u8],
                limits: &$crate::rest::entities::Limits,
            ) -> Result<Option<Self>, $crate::rest::entities::BadBody> {
                use $crate::rest::entities::entity::{read_top, read_value};
                read_value(bytes, limits, read_top::<Self>)
            }
        }
    )+};
}

/// Describes an entity.
///
/// ```text
/// entity! {
///     /// What it is.
///     pub struct Occupant("occupant") {
///         /// What the field is: these words are in the OpenAPI document too.
///         jid: Option<String> => element("jid"),
///         role: Option<String> => element("role"),
///     }
///     json { role, jid }
/// }
/// ```
///
/// Fields stand in the order of XML, attributes first; `json` gives the order of JSON where it differs.
/// More root names, for reading, follow the first.
macro_rules! entity {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident($root:literal $(, $other:literal)*) {
            $(
                $(#[doc = $field_doc:literal])+
                $field:ident: $type:ty => $place:expr
            ),* $(,)?
        }
    ) => {
        $crate::rest::entities::describe::entity! {
            $(#[doc = $doc])+
            pub struct $name($root $(, $other)*) {
                $($(#[doc = $field_doc])+ $field: $type => $place,)*
            }
            json { $($field),* }
        }
    };
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident($root:literal $(, $other:literal)*) {
            $(
                $(#[doc = $field_doc:literal])+
                $field:ident: $type:ty => $place:expr
            ),* $(,)?
        }
        json { $($ordered:ident),* $(,)? }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[doc = $field_doc])+ pub $field: $type,)*
        }

        const _: () = {
            use $crate::rest::entities::entity::Entity;
            use $crate::rest::entities::json::{JsonWriter, Node};
            use $crate::rest::entities::place::Place;
            use $crate::rest::entities::read::Fault;
            use $crate::rest::entities::schema;
            use $crate::rest::entities::shape::Shape;
            use $crate::rest::entities::xml::{Element, XmlWriter};

            /// The places by field name.
            #[allow(non_upper_case_globals)]
            mod places {
                #[allow(unused_imports)]
                use $crate::rest::entities::place::{Place, attribute, bare, element, wrapped};
                $(pub const $field: Place = $place;)*
            }

            impl Entity for $name {
                const XML_ROOT: &'static str = $root;
                const OTHER_ROOTS: &'static [&'static str] = &[$($other),*];
                const NAME: &'static str = stringify!($name);
                const PLACES: &'static [Place] = &[$(places::$field),*];

                fn write_xml_as(&self, name: &str, out: &mut XmlWriter) {
                    out.open(name);
                    $(self.$field.write_xml(&places::$field, out);)*
                    out.close(name);
                }

                fn write_json(&self, out: &mut JsonWriter) {
                    out.begin_object();
                    $(self.$ordered.write_json(&places::$ordered, out);)*
                    out.end_object();
                }

                fn read_xml(element: &Element) -> Result<Self, Fault> {
                    Ok(Self { $($field: Shape::read_xml(&places::$field, element)?,)* })
                }

                fn read_json(node: &Node) -> Result<Self, Fault> {
                    Ok(Self { $($field: Shape::read_json(&places::$field, node)?,)* })
                }

                fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                    let object = schema::object($root, concat!($($doc, "\n"),+));
                    $(
                        let described = concat!($($field_doc, "\n"),+);
                        let kind = <$type as Shape>::schema(&places::$field, described);
                        let object = object.property(places::$field.name, kind);
                        let object = match <$type as Shape>::ALWAYS {
                            true => object.required(places::$field.name),
                            false => object,
                        };
                    )*
                    object.into()
                }
            }
        };
    };
}

/// Describes a resource that is a list: its one field and how to write it item by item.
macro_rules! list {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident($root:literal) {
            $(#[doc = $field_doc:literal])+
            $field:ident: $type:ty => $place:expr
        } of $item:ty
    ) => {
        $crate::rest::entities::describe::entity! {
            $(#[doc = $doc])+
            pub struct $name($root) {
                $(#[doc = $field_doc])+
                $field: $type => $place
            }
        }

        impl $crate::rest::entities::List for $name {
            type Item = $item;
            const ITEMS: $crate::rest::entities::place::Place = {
                #[allow(unused_imports)]
                use $crate::rest::entities::place::bare;
                $place
            };
        }
    };
}

pub(crate) use {entity, list, readable};
