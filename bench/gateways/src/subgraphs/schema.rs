//! Which subgraph knows which field.

/// A subgraph, or all of them as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Users and their names.
    Accounts,
    /// What is in stock, and what it costs to send.
    Inventory,
    /// Products, their names and prices.
    Products,
    /// Reviews, and who wrote them about what.
    Reviews,
    /// All of it, as a client sees it: what the right answers come from.
    Whole,
}

impl Part {
    /// The subgraphs.
    pub const SUBGRAPHS: [Self; 4] = [Self::Accounts, Self::Inventory, Self::Products, Self::Reviews];

    /// What it is called in a supergraph.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Inventory => "inventory",
            Self::Products => "products",
            Self::Reviews => "reviews",
            Self::Whole => "whole",
        }
    }

    /// The field of this name, if this part can tell it.
    pub fn field(self, on: Object, name: &str) -> Option<Field> {
        let field = Field::of(on, name)?;
        (field.owners().contains(&self) || (self == Self::Whole && field != Field::Entities)).then_some(field)
    }
}

/// A type of the schema that has fields, or the union of the entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    Query,
    User,
    Product,
    Review,
    Entity,
}

impl Object {
    /// The types with a key.
    pub const ENTITIES: [Self; 3] = [Self::User, Self::Product, Self::Review];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Query => "Query",
            Self::User => "User",
            Self::Product => "Product",
            Self::Review => "Review",
            Self::Entity => "_Entity",
        }
    }

    /// Whether a fragment on this type applies.
    pub fn is(self, condition: &str) -> bool {
        condition == self.name() || (condition == "_Entity" && Self::ENTITIES.contains(&self))
    }
}

/// A field, whatever it is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Typename,
    Me,
    User,
    Users,
    TopProducts,
    Entities,
    Id,
    Username,
    Name,
    Birthday,
    Upc,
    ProductName,
    Price,
    Weight,
    InStock,
    ShippingEstimate,
    Body,
    Product,
    Author,
    UserReviews,
    ProductReviews,
}

impl Field {
    fn of(on: Object, name: &str) -> Option<Self> {
        Some(match (on, name) {
            (_, "__typename") => Self::Typename,
            (Object::Query, "me") => Self::Me,
            (Object::Query, "user") => Self::User,
            (Object::Query, "users") => Self::Users,
            (Object::Query, "topProducts") => Self::TopProducts,
            (Object::Query, "_entities") => Self::Entities,
            (Object::User | Object::Review, "id") => Self::Id,
            (Object::User, "username") => Self::Username,
            (Object::User, "name") => Self::Name,
            (Object::User, "birthday") => Self::Birthday,
            (Object::User, "reviews") => Self::UserReviews,
            (Object::Product, "upc") => Self::Upc,
            (Object::Product, "name") => Self::ProductName,
            (Object::Product, "price") => Self::Price,
            (Object::Product, "weight") => Self::Weight,
            (Object::Product, "inStock") => Self::InStock,
            (Object::Product, "shippingEstimate") => Self::ShippingEstimate,
            (Object::Product, "reviews") => Self::ProductReviews,
            (Object::Review, "body") => Self::Body,
            (Object::Review, "product") => Self::Product,
            (Object::Review, "author") => Self::Author,
            _ => return None,
        })
    }

    /// Who can tell it. A user's name is provided by reviews as well.
    fn owners(self) -> &'static [Part] {
        match self {
            Self::Typename | Self::Entities | Self::Id | Self::Upc => &Part::SUBGRAPHS,
            Self::Username => &[Part::Accounts, Part::Reviews],
            Self::Me | Self::User | Self::Users | Self::Name | Self::Birthday => &[Part::Accounts],
            Self::TopProducts | Self::ProductName | Self::Price | Self::Weight => &[Part::Products],
            Self::InStock | Self::ShippingEstimate => &[Part::Inventory],
            Self::Body | Self::Product | Self::Author | Self::UserReviews | Self::ProductReviews => {
                &[Part::Reviews]
            }
        }
    }

    /// The type of its value, if that has fields.
    pub fn object(self) -> Option<Object> {
        match self {
            Self::Entities => Some(Object::Entity),
            Self::Me | Self::User | Self::Users | Self::Author => Some(Object::User),
            Self::TopProducts | Self::Product => Some(Object::Product),
            Self::UserReviews | Self::ProductReviews => Some(Object::Review),
            _ => None,
        }
    }
}
