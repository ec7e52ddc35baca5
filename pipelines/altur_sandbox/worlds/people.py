"""People who don't exist: names that sound right, numbers that can't ring."""

from dataclasses import dataclass
from random import Random

_GIVEN = (  # noqa: SIM905 - a list would be a page long
    "Alejandra Andrés Beatriz Brenda Camila Carlos Claudia Daniela David Diana Eduardo Elena Emilio "
    "Ernesto Fernanda Francisco Gabriela Gerardo Gloria Guadalupe Héctor Inés Iván Javier Jimena Jorge "
    "Julieta Karla Leticia Lorena Lucía Luis Manuel Marcela María Martín Mateo Miguel Mónica Natalia "
    "Octavio Óscar Pablo Patricia Paola Rafael Ramón Raquel Ricardo Rocío Rodrigo Rosa Rubén Santiago "
    "Sofía Susana Teresa Valeria Verónica Víctor Ximena Yolanda "
).split()
_FAMILY = (  # noqa: SIM905
    "Aguilar Álvarez Arriaga Ávila Barrera Bautista Becerra Bermúdez Bustos Cabrera Camacho Cárdenas "
    "Castañeda Castillo Cervantes Chávez Contreras Cordero Cortés Delgado Domínguez Duarte Escobar "
    "Espinosa Estrada Figueroa Franco Fuentes Gallegos Garza Gómez Guerrero Gutiérrez Herrera Ibarra "
    "Jiménez Juárez Lara León Lozano Luna Macías Maldonado Márquez Medina Mejía Méndez Mendoza Molina "
    "Montes Morales Navarro Núñez Ochoa Olvera Orozco Ortega Pacheco Padilla Paredes Peña Quintero "
    "Ramírez Rentería Reyes Ríos Robles Rojas Rosales Salazar Salinas Sandoval Serrano Solís Soto Suárez "
    "Tapia Téllez Trejo Valdez Valencia Vargas Vega Velasco Villegas Zamora Zárate Zúñiga "
).split()


@dataclass(frozen=True)
class Directory:
    """The contacts of a campaign, numbered from 0.

    id_prefix: of the customer's own ids.
    phone_prefix: country and area; the local number after it starts with 0, as none does there.
    """

    size: int
    first_id: int
    id_prefix: str
    phone_prefix: str
    local_digits: int


@dataclass(frozen=True)
class Contact:
    """Somebody called: who they are, without how the campaign stands with them."""

    id: int
    f_id: str
    name: str
    phone_number: str


def contact(directory: Directory, number: int) -> Contact:
    """Return the contact of this number, the same at every call to them."""
    random = Random(directory.first_id + number)  # noqa: S311 - invention, not secrecy
    local = random.randrange(10 ** (directory.local_digits - 1))
    return Contact(
        id=directory.first_id + number,
        f_id=f"{directory.id_prefix}-{number * 7 + 10_000:06d}",
        name=full_name(random),
        phone_number=f"{directory.phone_prefix}{local:0{directory.local_digits}d}",
    )


def full_name(random: Random) -> str:
    """Return a given name and two family names."""
    return f"{random.choice(_GIVEN)} {random.choice(_FAMILY)} {random.choice(_FAMILY)}"
