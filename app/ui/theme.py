"""Colours, spacing and type of the window: the design tokens, in a dark and a light set, and how they reach Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyle

SPACE_1, SPACE_2, SPACE_3, SPACE_4, SPACE_6 = 4, 8, 12, 16, 24
RADIUS_CHIP, RADIUS_BUTTON, RADIUS_POPUP = 4, 8, 10
TOP_BAR_HEIGHT, TOOL_RAIL_WIDTH, RIGHT_PANEL_WIDTH, TIMELINE_HEIGHT, STATUS_HEIGHT = 40, 52, 330, 290, 28
FONT_SIZE, FONT_SIZE_SECONDARY = 13, 12
MOTION_MS = 120
LEAST_CONTRAST = 3.0
"""Of an object's colour against the ground of lists and lanes; below it has a border."""
NUMBER_MARGINS = (4, 0, 4, 0)
"""Of the text in a number's field, which no style sheet reaches: left, top, right, bottom."""

_ICONS = (Path(__file__).resolve().parents[2] / "resources" / "icons").as_posix()

PICTURE_COLORS = (
    "#5EB8EC", "#FCB551", "#B2F9C9", "#F161A8", "#7BAB70", "#DEFD23",
    "#B99827", "#69FAFA", "#B8D085", "#F6E692", "#86D9C5", "#E685CF",
)  # fmt: skip
"""Object colours on the picture and in the dark theme, in order of use."""

_LIGHT_OBJECT_COLORS = (
    "#4A97C3", "#C08122", "#599D73", "#E95AA1", "#6B9A61", "#839618",
    "#AC8C1B", "#499C9C", "#829853", "#9C8F45", "#499E8B", "#CC6EB7",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Theme:
    """One set of tokens. Every value is a colour name that QColor reads."""

    name: str
    ground: str
    surface_0: str
    surface_1: str
    surface_2: str
    surface_3: str
    text_1: str
    text_2: str
    text_3: str
    accent: str
    accent_fill: str
    good: str
    good_text: str
    good_fill: str
    attention: str
    attention_text: str
    caution: str
    lane: str
    object_colors: tuple[str, ...]

    def object_color(self, shade: int | str | None) -> QColor:
        """Colour of a palette place (from the thirteenth on they repeat), of "#rrggbb", and grey for None."""
        if isinstance(shade, int):
            return QColor(self.object_colors[shade % len(self.object_colors)])
        return QColor(shade or self.text_3)


DARK = Theme(
    name="dark",
    ground="#0E1115",
    surface_0="#14181D",
    surface_1="#1B2027",
    surface_2="#26303B",
    surface_3="#323B46",
    text_1="#E8ECF1",
    text_2="#B7C0CB",
    text_3="#8B96A3",
    accent="#4FB3FF",
    accent_fill="#2C5F8A",
    good="#3DDC84",
    good_text="#6FCF97",
    good_fill="#26734A",
    attention="#FF5D5D",
    attention_text="#FF8080",
    caution="#FFB224",
    lane="#14181D",
    object_colors=PICTURE_COLORS,
)

LIGHT = Theme(
    name="light",
    ground="#D5DAE0",
    surface_0="#F3F5F7",
    surface_1="#FFFFFF",
    surface_2="#DCE7F2",
    surface_3="#D3D9E0",
    text_1="#1B1F24",
    text_2="#4A535E",
    text_3="#66707C",
    accent="#0B5CAD",
    accent_fill="#0B5CAD",
    good="#1E6B3A",
    good_text="#1E6B3A",
    good_fill="#1E6B3A",
    attention="#B3261E",
    attention_text="#B3261E",
    caution="#8A5200",
    lane="#FFFFFF",
    object_colors=_LIGHT_OBJECT_COLORS,
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}


class _ThemeChange(QObject):
    changed = Signal()


_current = DARK
_change: _ThemeChange | None = None


def current() -> Theme:
    """The tokens in force. Widgets that paint themselves ask at every paint, so that a switch needs no restart."""
    return _current


def on_change() -> _ThemeChange:
    """The object whose `changed` signal says that `current()` is another one (after palette and styles are set)."""
    global _change
    if _change is None:
        _change = _ThemeChange()
    return _change


def picture_color(shade: int | str | None) -> QColor:
    """An object's colour on the picture, the same in both themes; `shade` as in `Theme.object_color`."""
    return DARK.object_color(shade) if shade is not None else QColor(DARK.text_2)


def contrast(one: QColor | str, other: QColor | str) -> float:
    """Contrast ratio of two colours as WCAG has it, 1 to 21."""
    lighter, darker = sorted((_luminance(QColor(one)), _luminance(QColor(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: QColor) -> float:
    parts = (color.redF(), color.greenF(), color.blueF())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def is_hard_to_see(color: QColor) -> bool:
    """Whether a colour is lost on the ground of lists and lanes without a border."""
    return contrast(color, current().surface_1) < LEAST_CONTRAST


def text_on(color: QColor) -> QColor:
    """White or near black, whichever is read more easily on a colour."""
    black, white = QColor(DARK.ground), QColor("#FFFFFF")
    return max((black, white), key=lambda text: contrast(text, color))


def system_theme() -> Theme:
    """The theme that the desktop asks for; dark where it does not say."""
    scheme = QApplication.styleHints().colorScheme()
    return LIGHT if scheme == Qt.ColorScheme.Light else DARK


def is_motion_reduced() -> bool:
    """Whether the desktop asks for no animation."""
    return not QApplication.style().styleHint(QStyle.StyleHint.SH_Widget_Animate)


@cache
def _has_inter() -> bool:
    return "Inter" in QFontDatabase.families()


def interface_font(
    size: int = FONT_SIZE, *, weight: QFont.Weight = QFont.Weight.Normal, figures: bool = False
) -> QFont:
    """The interface face in pixels: Inter where installed, else the system's. `figures` asks for tabular digits."""
    font = QFont("Inter") if _has_inter() else QFont(QApplication.font())
    font.setPixelSize(size)
    font.setWeight(weight)
    if figures:
        font.setFeature(QFont.Tag("tnum"), 1)
    return font


def apply(app: QApplication, theme: Theme) -> None:
    """Make `theme` the one in force for the whole program."""
    global _current
    _current = theme
    app.setStyle("Fusion")
    app.setFont(interface_font())
    app.setPalette(_palette(theme))
    app.setStyleSheet(_style_sheet(theme))
    on_change().changed.emit()


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for place, color in (
        (role.Window, theme.surface_0),
        (role.WindowText, theme.text_1),
        (role.Base, theme.surface_1),
        (role.AlternateBase, theme.surface_0),
        (role.Text, theme.text_1),
        (role.PlaceholderText, theme.text_3),
        (role.Button, theme.surface_2),
        (role.ButtonText, theme.text_1),
        (role.BrightText, theme.attention),
        (role.Highlight, theme.accent_fill),
        (role.HighlightedText, "#FFFFFF"),
        (role.Link, theme.accent),
        (role.ToolTipBase, theme.surface_2),
        (role.ToolTipText, theme.text_1),
        (role.Light, theme.surface_3),
        (role.Mid, theme.surface_2),
        (role.Dark, theme.ground),
        (role.Accent, theme.accent),
    ):
        palette.setColor(place, QColor(color))
    for place in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, place, QColor(theme.text_3))
    return palette


def _style_sheet(theme: Theme) -> str:
    """Styles of the stock widgets. Roles are given by the dynamic property `role` or the object name:

    QLabel[role="heading" | "secondary" | "hint" | "good" | "attention"], QPushButton[role="primary" | "good"],
    QWidget[role="panel" | "bar" | "popup"], QLabel[role="key"].
    """
    t = theme
    return f"""
    QToolTip {{ background: {t.surface_2}; color: {t.text_1}; border: 1px solid {t.surface_3}; padding: 4px 6px; }}
    QWidget[role="panel"] {{ background: {t.surface_1}; }}
    QWidget[role="bar"] {{ background: {t.surface_1}; }}
    QWidget[role="ground"] {{ background: {t.ground}; }}
    QWidget[role="popup"] {{ background: {t.surface_1}; border: 1px solid {t.surface_3};
        border-radius: {RADIUS_POPUP}px; }}
    QLabel {{ background: transparent; }}
    QLabel[role="heading"] {{ color: {t.text_2}; font-size: {FONT_SIZE_SECONDARY}px; font-weight: 600; }}
    QLabel[role="secondary"] {{ color: {t.text_2}; font-size: {FONT_SIZE_SECONDARY}px; }}
    QLabel[role="hint"] {{ color: {t.text_3}; font-size: {FONT_SIZE_SECONDARY}px; }}
    QLabel[role="good"] {{ color: {t.good_text}; font-size: {FONT_SIZE_SECONDARY}px; }}
    QLabel[role="attention"] {{ color: {t.attention_text}; font-size: {FONT_SIZE_SECONDARY}px; }}
    QLabel[role="key"] {{ background: {t.surface_3}; color: {t.text_2}; border-radius: {RADIUS_CHIP}px;
        padding: 0px 4px; font-size: 11px; }}
    QPushButton {{ background: {t.surface_2}; color: {t.text_1}; border: 1px solid transparent;
        border-radius: {RADIUS_BUTTON}px; padding: 4px 12px; min-height: 20px; }}
    QPushButton:hover {{ background: {t.surface_3}; }}
    QPushButton:pressed {{ background: {t.surface_1}; }}
    QPushButton:disabled {{ color: {t.text_3}; background: {t.surface_1}; }}
    QPushButton:focus {{ border: 1px solid {t.accent}; }}
    QPushButton[role="primary"] {{ background: {t.accent_fill}; color: #FFFFFF; }}
    QPushButton[role="primary"]:disabled {{ background: {t.surface_2}; color: {t.text_3}; }}
    QPushButton[role="good"] {{ background: {t.good_fill}; color: #FFFFFF; }}
    QPushButton[role="chip"] {{ background: {t.surface_2}; color: {t.text_1}; font-size: {FONT_SIZE_SECONDARY}px;
        border-radius: {RADIUS_CHIP}px; padding: 2px 10px; }}
    QPushButton[role="offer"] {{ text-align: left; padding: 4px 16px; font-size: 14px; }}
    QPushButton[role="link"] {{ background: transparent; color: {t.text_2}; padding: 2px 8px; }}
    QPushButton[role="link"]:hover {{ color: {t.accent}; }}
    QPushButton[role="good"]:disabled {{ background: {t.surface_2}; color: {t.text_3}; }}
    QToolButton {{ background: transparent; color: {t.text_1}; border: 1px solid transparent;
        border-radius: {RADIUS_BUTTON}px; padding: 3px; }}
    QToolButton:hover {{ background: {t.surface_2}; }}
    QToolButton:checked {{ background: {t.accent_fill}; }}
    QToolButton:focus {{ border: 1px solid {t.accent}; }}
    QToolButton::menu-indicator {{ image: none; width: 0px; }}
    QLineEdit, QSpinBox, QDoubleSpinBox, QComboBox, QPlainTextEdit {{ background: {t.surface_0}; color: {t.text_1};
        border: 1px solid {t.surface_3}; border-radius: {RADIUS_CHIP}px; padding: 3px 6px; min-height: 20px;
        selection-background-color: {t.accent_fill}; selection-color: #FFFFFF; }}
    QLineEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus, QPlainTextEdit:focus {{
        border: 1px solid {t.accent}; }}
    QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus {{ border: none; padding: 0 2px;
        background: transparent; }}
    QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
    QListWidget::item {{ padding: 5px 4px; }}
    QComboBox::drop-down {{ border: none; width: 22px; }}
    QComboBox::down-arrow {{ image: url({_ICONS}/chevron-down-grey.svg); width: 14px; height: 14px; }}
    QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ border: none; background: transparent; width: 18px; }}
    QAbstractSpinBox::up-arrow {{ image: url({_ICONS}/chevron-up-grey.svg); width: 10px; height: 10px; }}
    QAbstractSpinBox::down-arrow {{ image: url({_ICONS}/chevron-down-grey.svg); width: 10px; height: 10px; }}
    QComboBox QAbstractItemView {{ background: {t.surface_1}; color: {t.text_1}; border: 1px solid {t.surface_3};
        selection-background-color: {t.surface_2}; selection-color: {t.text_1}; outline: 0; }}
    QMenuBar {{ background: {t.surface_1}; color: {t.text_1}; }}
    QMenuBar::item {{ background: transparent; padding: 6px 9px; border-radius: {RADIUS_CHIP}px; }}
    QMenuBar::item:selected, QMenuBar::item:pressed {{ background: {t.surface_2}; }}
    QMenu {{ background: {t.surface_1}; color: {t.text_1}; border: 1px solid {t.surface_3}; padding: 4px; }}
    QMenu::item {{ padding: 5px 24px 5px 8px; border-radius: {RADIUS_CHIP}px; }}
    QMenu::item:selected {{ background: {t.surface_2}; }}
    QMenu::item:disabled {{ color: {t.text_3}; }}
    QMenu::separator {{ height: 1px; background: {t.surface_3}; margin: 4px 8px; }}
    QMenu::icon {{ padding-left: 6px; }}
    QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
    QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
    QScrollBar::handle {{ background: {t.surface_3}; border-radius: 4px; min-width: 24px; min-height: 24px;
        margin: 1px; }}
    QScrollBar::handle:hover {{ background: {t.text_3}; }}
    QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
        background: none; border: none; width: 0; height: 0; }}
    QAbstractItemView {{ background: {t.surface_1}; color: {t.text_1}; border: none; outline: 0;
        selection-background-color: {t.surface_2}; selection-color: {t.text_1}; }}
    QCheckBox::indicator, QRadioButton::indicator {{ width: 14px; height: 14px; border: 1px solid {t.text_3};
        border-radius: {RADIUS_CHIP}px; background: {t.surface_0}; }}
    QRadioButton::indicator {{ border-radius: 8px; }}
    QTabWidget::pane {{ border: none; border-top: 1px solid {t.surface_3}; }}
    QTabBar::tab {{ background: transparent; color: {t.text_2}; padding: 6px 12px; border: none;
        border-bottom: 2px solid transparent; }}
    QTabBar::tab:selected {{ color: {t.text_1}; border-bottom: 2px solid {t.accent}; }}
    QTabBar::tab:focus {{ color: {t.accent}; }}
    QHeaderView {{ background: {t.surface_1}; }}
    QHeaderView::section {{ background: {t.surface_1}; color: {t.text_3}; border: none; padding: 4px 6px;
        border-bottom: 1px solid {t.surface_3}; }}
    QTreeView::item {{ padding: 3px 4px; }}
    QTreeView QLineEdit {{ min-height: 0px; padding: 0px 3px; }}
    QCheckBox::indicator:focus, QRadioButton::indicator:focus {{ border: 1px solid {t.accent}; }}
    QCheckBox::indicator:checked, QRadioButton::indicator:checked {{ background: {t.accent_fill};
        border: 1px solid {t.accent_fill}; image: url({_ICONS}/check-white.svg); }}
    QRadioButton::indicator:checked {{ background: #FFFFFF; border: 4px solid {t.accent_fill}; width: 8px; height: 8px;
        image: none; }}
    QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{ border: 1px solid {t.surface_3}; }}
    QProgressBar {{ background: {t.surface_3}; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }}
    QProgressBar::chunk {{ background: {t.accent}; border-radius: 2px; }}
    QSplitter::handle {{ background: {t.ground}; }}
    QSplitter::handle:hover {{ background: {t.accent_fill}; }}
    QDialog {{ background: {t.surface_1}; }}
    """
