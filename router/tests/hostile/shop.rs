//! A federation with something of everything that documents can be about: two subgraphs that refer to each other,
//! an interface, a union, enums, input objects, lists of lists, mutations.

use async_graphql::{
    EmptySubscription, Enum, ID, InputObject, Interface, Object, ObjectType, SDLExportOptions, Schema,
    SimpleObject, Union,
};
use graphql::Executable;
use router::SubgraphSource;

/// A person, in the subgraph that knows names.
struct Person(ID);

#[Object]
impl Person {
    async fn id(&self) -> &ID {
        &self.0
    }
    async fn name(&self) -> &str {
        "somebody"
    }
    async fn friends(&self, first: Option<i32>) -> Vec<Person> {
        (0..first.unwrap_or(1).clamp(0, 2)).map(|i| Person(i.to_string().into())).collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum Colour {
    Red,
    Green,
}

#[derive(SimpleObject)]
struct Cat {
    name: String,
    colour: Colour,
}

#[derive(SimpleObject)]
struct Dog {
    name: String,
    barks: bool,
}

#[derive(Interface)]
#[graphql(field(name = "name", ty = "&String"))]
enum Pet {
    Cat(Cat),
    Dog(Dog),
}

#[derive(Union)]
enum Anything {
    Cat(Cat),
    Person(Person),
}

/// An input within itself.
#[derive(InputObject)]
struct Tree {
    value: Option<i32>,
    colour: Option<Colour>,
    children: Option<Vec<Tree>>,
}

fn size(tree: &Tree) -> usize {
    let own = usize::from(tree.value.is_some() || tree.colour.is_some());
    own + tree.children.iter().flatten().map(size).sum::<usize>()
}

struct People;

#[Object(name = "Query")]
impl People {
    async fn hello(&self) -> &str {
        "world"
    }
    async fn me(&self) -> Person {
        Person("1".into())
    }
    async fn pets(&self) -> Vec<Pet> {
        let cat = Cat { name: "Mia".into(), colour: Colour::Red };
        vec![Pet::Cat(cat), Pet::Dog(Dog { name: "Bo".into(), barks: true })]
    }
    async fn anything(&self) -> Vec<Anything> {
        vec![
            Anything::Person(Person("2".into())),
            Anything::Cat(Cat { name: "Mia".into(), colour: Colour::Green }),
        ]
    }
    async fn sum(&self, of: Vec<Vec<Option<i32>>>) -> i32 {
        of.iter().flatten().flatten().fold(0, |sum, n| sum.wrapping_add(*n))
    }
    async fn echo(&self, text: Option<String>, colour: Option<Colour>, number: Option<f64>) -> String {
        format!("{} {} {}", text.map_or(0, |text| text.len()), colour.is_some(), number.is_some())
    }
    async fn size(&self, tree: Tree) -> usize {
        size(&tree)
    }
    #[graphql(entity)]
    async fn find_person(&self, id: ID) -> Person {
        Person(id)
    }
}

struct Rename;

#[Object(name = "Mutation")]
impl Rename {
    async fn rename(&self, name: String) -> String {
        name
    }
}

/// A person, in the subgraph that knows what they bought.
struct Customer(ID);

#[Object(name = "Person")]
impl Customer {
    async fn id(&self) -> &ID {
        &self.0
    }
    async fn bought(&self) -> Vec<Product> {
        vec![Product(1)]
    }
    async fn best_friend(&self) -> Option<Customer> {
        Some(Customer("3".into()))
    }
}

struct Product(i32);

#[Object]
impl Product {
    async fn id(&self) -> i32 {
        self.0
    }
    async fn buyers(&self) -> Vec<Customer> {
        vec![Customer("1".into())]
    }
}

struct Sales;

#[Object(name = "Query")]
impl Sales {
    async fn products(&self, first: Option<i32>) -> Vec<Product> {
        (0..first.unwrap_or(1).clamp(0, 2)).map(Product).collect()
    }
    #[graphql(entity)]
    async fn find_customer(&self, id: ID) -> Customer {
        Customer(id)
    }
}

fn source<Q, M>(name: &str, query: Q, mutation: M) -> SubgraphSource
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
{
    let schema = Schema::build(query, mutation, EmptySubscription).enable_federation().finish();
    let sdl = schema.sdl_with_options(SDLExportOptions::new().federation());
    let executable = Executable::new(
        sdl,
        move |request| {
            let schema = schema.clone();
            Box::pin(async move { schema.execute(request).await })
        },
        |_| Box::pin(futures::stream::empty()),
    );
    SubgraphSource::InProcess { name: name.to_owned(), executable }
}

/// The two subgraphs.
pub fn sources() -> Vec<SubgraphSource> {
    vec![source("people", People, Rename), source("sales", Sales, async_graphql::EmptyMutation)]
}
